"""Texts for sounds that are no request, and requests without a text:
python -m tests.bench.nonspeech [--count 10] [--first 100] [--requests 16]

Whisper transcribes, as it does for a satellite, `--count` sounds of each kind in
tests/support/nonspeech.py, 5 s each, from the seed `--first` on, and `--requests` commands of
tests/bench/rejection_texts.py in each of these places: near, 4 m away in a room with noise, softly
spoken, by telephone, and with a microphone that lacks everything above 1500 Hz. Prints how many
sounds got a text, how many requests got none, and the range of their brightness
(servers/asr/whisper/brightness.py). `-v` prints each of these texts.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from servers.asr.whisper.brightness import brightness
from servers.asr.whisper.engine import FasterWhisper
from tests.bench.rejection_sounds import Case, cases, sound
from tests.bench.transcripts import transcript
from tests.support import acoustics
from tests.support.acoustics import RATE, Samples
from tests.support.nonspeech import NONSPEECH, nonspeech
from tests.support.real_models import Unavailable, fetched

PIECE = 5.0
"""Seconds of each sound."""


def far(speech: Samples, seed: int) -> Samples:
    """4 m away, 5 to 15 dB above the noise."""
    room = acoustics.response(4.0, 0.3 + 0.1 * (seed % 4), seed)
    sound = acoustics.at_level(acoustics.heard(speech, room), -38)
    return sound + _noise(sound, -43 - 5 * (seed % 3), seed)


def soft(speech: Samples, seed: int) -> Samples:
    """As quiet as a whisper, in a quiet room."""
    return acoustics.at_level(speech, -58) + _noise(speech, -72, seed)


def telephone(speech: Samples, seed: int) -> Samples:
    """From 300 to 3400 Hz."""
    return _band(speech, 300, 3400)


def muffled(speech: Samples, seed: int) -> Samples:
    """With a microphone in a thick case."""
    return _band(speech, 0, 1500) + _noise(speech, -60, seed)


PLACES: Mapping[str, Callable[[Samples, int], Samples]] = {
    "near": lambda speech, seed: speech,
    "4 m away, in noise": far,
    "softly spoken": soft,
    "by telephone": telephone,
    "nothing above 1500 Hz": muffled,
}


def _noise(sound: Samples, level: float, seed: int) -> Samples:
    return acoustics.room_noise(len(sound) / RATE, level, seed)[: len(sound)]


def _band(sound: Samples, low: float, high: float) -> Samples:
    """Attenuate what is outside of a band by 12 dB an octave above it, and all below it."""
    at = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum = np.fft.rfft(sound) * (at >= low) / np.sqrt(1 + (at / high) ** 4)
    return np.asarray(np.fft.irfft(spectrum, len(sound)))


async def row(
    engine: FasterWhisper, name: str, sounds: Iterable[bytes], verbose: bool, expected: bool
) -> int:
    """Print how many sounds of a kind were not transcribed as expected, and return it."""
    wrong, count, levels = 0, 0, []
    for audio in sounds:
        text = await transcript(engine, audio)
        count += 1
        levels.append(brightness(acoustics.samples(audio).astype(np.float32) / 32768))
        if bool(text.strip()) != expected:
            wrong += 1
            if verbose:
                print(f"    {name} {count}: {text!r}, {levels[-1]:.0f} dB", flush=True)
    what = "without a text" if expected else "with a text"
    print(
        f"{name:24} {wrong:3} of {count:3} {what:15} {min(levels):4.0f} to {max(levels):4.0f} dB",
        flush=True,
    )
    return wrong


async def measure(model: Path, flags: argparse.Namespace) -> None:
    engine = FasterWhisper(FasterWhisper.Options(model=str(model), partials=False))
    await engine.load()
    seeds = range(flags.first, flags.first + flags.count)
    written = 0
    for kind in NONSPEECH:
        sounds = (nonspeech(kind, PIECE, seed) for seed in seeds)
        written += await row(engine, kind, sounds, flags.verbose, expected=False)
    print(f"{'all sounds':24} {written:3} of {flags.count * len(NONSPEECH)} with a text")
    chosen = commands(flags.requests)
    speech = [acoustics.samples(sound(case)) for case in chosen]
    for name, place in PLACES.items():
        placed = (acoustics.pcm(place(each, seed)) for seed, each in enumerate(speech))
        await row(engine, name, placed, flags.verbose, expected=True)
    await engine.close()


def commands(count: int) -> Sequence[Case]:
    """Return that many commands, in all voices in turn."""
    spoken = [case for case in cases(False) if case.kind == "command"]
    return spoken[:: max(1, len(spoken) // max(count, 1))][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10, help="sounds of each kind")
    parser.add_argument("--first", type=int, default=100, help="seed of the first of them")
    parser.add_argument("--requests", type=int, default=16, help="commands in each place")
    parser.add_argument(
        "--model", choices=("whisper-base", "whisper-tiny.en"), default="whisper-base"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print the texts")
    flags = parser.parse_args()
    try:
        model = fetched(flags.model)
    except Unavailable as error:
        sys.exit(str(error))
    asyncio.run(measure(model, flags))


if __name__ == "__main__":
    main()
