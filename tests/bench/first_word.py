"""Time from the true end of a request to the first sound of the answer, by silence and by meaning.

    python -m tests.bench.first_word [--model whisper-tiny.en] [--first K] [--requests N]
        [--voice VOICE] [--melody] [--served] [--brain smollm2-135m] [--svg FILE]

One satellite, with real Whisper, the sentences, and the Piper voice en_US-joe-medium, hears
requests at the pace of a microphone, first with `listen.by_meaning` off, then on. They are spoken
by joe, or by `--voice`: one of `tests.bench.wake_words.voices`, such as `kokoro:jf_alpha`. With
`--served`, it hears them once more with all engines in a server, a process of its own. With
`--melody`, it does so with Smart Turn but a brain that judges no texts, and with both. With
`--brain`, llamacpp runs that model, which is asked what no sentence knows. `--first` and
`--requests` choose some of the 50 requests of each kind (10 with a brain); each takes about 9 s for
each kind and run. Half of the requests have a pause in the middle. Words, pauses and their order
are the same in all runs. The true end is that of the synthesized speech, known to 20 ms.

Printed for each run: the seconds to the first sound at the speaker, and to what comes before it;
requests that were cut at their pause, and how many of these were joined again; requests whose last
transcript has other words. `--svg` draws the share of requests answered by each moment. The exit
code is 1 if meaning is no faster in the median, or leaves more requests wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from satellite import events
from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.audio.wavfile import write_wav
from satellite.builtin.audio.wav import WavMic
from satellite.components import spec
from satellite.lib.bus import Bus
from satellite.listening.listener import Listener
from satellite.listening.melody.melody import Melody
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.net.remotes.llm import RemoteLlm
from satellite.ports import Llm
from satellite.settings import CueSettings, ListenSettings, Settings
from satellite.turns.borrowed import BorrowedLlm
from satellite.turns.context import Engines
from satellite.values import SPEECH, AudioFormat
from servers.asr.whisper.engine import FasterWhisper
from servers.llm.intents import Intents
from servers.llm.llamacpp.engine import LlamaCpp
from servers.tts.piper.engine import Piper
from tests.bench.first_word_texts import BROKEN, OTHER_BROKEN, OTHER_WHOLE, WHOLE
from tests.bench.plot import shares
from tests.bench.wake_words.voices import Speaker, speak
from tests.bench.word_errors import words
from tests.support.acoustics import pcm
from tests.support.engines import ScriptedWake
from tests.support.ports import free_port
from tests.support.program import satellite
from tests.support.real_models import real_model
from tests.support.real_voice import TRAIL, VOICE, speak_all
from tests.support.speech import silence
from tests.support.turn_parts import SpeechParts, TurnParts

SILENCE, MEANING, MELODY = "by silence", "by meaning", "by melody"
BOTH = f"{MEANING} and melody"
"""Names of the runs."""

JOE = "piper"
"""The person's voice, by default: the one of the answers, without variation."""

SHORTEST, LONGEST = 0.4, 1.2
"""Seconds of the pauses."""

BEFORE, AFTER = 1.0, 5.0
"""Seconds of silence before and after a request; the answer falls into the second."""

WAKE_BEFORE = 8000
"""Samples before a request at which the wake word is reported."""


@dataclass
class Request:
    """A request on the tape and what became of it."""

    text: str
    pause: float
    """Seconds of the pause in it; 0 for none."""
    begin: int
    end: int
    """Samples of the tape at which its speech begins and ends."""
    first_sound: float | None = None
    """Seconds from its true end to the first sound that followed."""
    parts: dict[str, float] = field(default_factory=dict)
    """Seconds from its true end to what came before: the decided end, the text, the first words."""
    cut: bool = False
    joined: bool = False
    texts: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether the last transcript has the words that were spoken."""
        return bool(self.texts) and words(self.texts[-1]) == words(self.text)


class TimedMic(WavMic):
    """Knows the monotonic time of its first sample."""

    async def open(self) -> AudioFormat:
        form = await super().open()
        self.began = time.monotonic()
        return form


def pauses(count: int, seed: int) -> list[float]:
    """Return the seconds of the pauses of `count` requests."""
    return [float(s) for s in np.random.default_rng(seed).uniform(SHORTEST, LONGEST, count)]


@dataclass(frozen=True)
class Choice:
    """Which requests are said."""

    first: int
    count: int
    seed: int
    other: bool
    """Those that no sentence knows."""
    voice: str = JOE


async def said(texts: Sequence[str], voice: str) -> dict[str, bytes]:
    """Return the speech of texts, each with `TRAIL` samples after its end."""
    if voice == JOE:
        return dict(zip(texts, await speak_all(real_model(VOICE), texts), strict=True))
    trail = silence(TRAIL / SPEECH.rate)
    return {text: pcm(speak(text, Speaker(voice))) + trail for text in texts}


async def tape(choice: Choice) -> tuple[bytes, list[Request]]:
    """Return the sound of whole and broken requests, and the requests."""
    chosen = slice(choice.first, choice.first + choice.count)
    whole = (OTHER_WHOLE if choice.other else WHOLE)[chosen]
    broken = (OTHER_BROKEN if choice.other else BROKEN)[chosen]
    texts = [*whole, *(part for parts in broken for part in parts)]
    spoken = await said(texts, choice.voice)
    silences = [*(0.0 for _ in whole), *pauses(len(broken), choice.seed + choice.first)]
    sound, requests = bytearray(), []
    for parts, pause in zip([*((text,) for text in whole), *broken], silences, strict=True):
        sound += silence(BEFORE)
        begin = len(sound) // 2
        for number, part in enumerate(parts):
            sound += silence(pause) if number else b""
            sound += spoken[part]
        requests.append(Request(" ".join(parts), pause, begin, len(sound) // 2 - TRAIL))
        sound += silence(AFTER)
    return bytes(sound), requests


@contextmanager
def served(folder: Path, model: Path, voice: Path) -> Iterator[Engines]:
    """Run a server with all engines; yield the satellite's ends of them."""
    ports = {role: free_port() for role in ("asr", "llm", "tts")}
    arguments = ["--server", ",".join(ports), "--host", "127.0.0.1", "--no-zeroconf"]
    for role, port in ports.items():
        arguments += [f"--{role}-port", str(port)]
    components = (f"faster-whisper:{model}", "intents", f"piper:{voice}")
    for role, component in zip(ports, components, strict=True):
        arguments += [f"--{role}", component]
    asr, llm, tts = (f"tcp://127.0.0.1:{port}" for port in ports.values())
    with satellite(folder, *arguments, name="server") as program:
        program.wait_for("ready")
        pairing = Pairing()
        yield Engines(
            remote(asr, "asr", pairing=pairing),
            RemoteLlm(llm, pairing, judges=True, ahead=True),
            remote(tts, "tts", pairing=pairing),
        )


def own(model: Path, voice: Path, brain: Path | None = None) -> Engines:
    """Return engines of this process; `brain` is a GGUF model in place of the sentences."""
    llm: Llm = Intents(Intents.Options())
    if brain is not None:
        llm = LlamaCpp(LlamaCpp.Options(model=str(brain)))
    return Engines(
        FasterWhisper(FasterWhisper.Options(model=str(model), language="en")),
        llm,
        Piper(Piper.Options(voice=str(voice))),
    )


class Unjudging(BorrowedLlm):
    """A brain that judges no texts; its owner closes it."""

    judge = ahead = None  # type: ignore[assignment]

    async def load(self) -> None:
        await self._engine.load()

    async def close(self) -> None:
        await self._engine.close()


async def run(
    folder: Path,
    engines: Engines,
    requests: Sequence[Request],
    by_meaning: bool,
    melody: Melody | None = None,
) -> float:
    """Let a satellite hear the tape; enter what happened into the requests.

    Returns the seconds of CPU that this process took.
    """
    settings = msgspec.structs.replace(
        Settings(),
        cues=CueSettings(awake=False, error=False),
        listen=ListenSettings(by_meaning=by_meaning),
    )
    bus = Bus()
    vad = spec.create("vad", "silero")
    vad.load()
    mic = TimedMic(WavMic.Options(path=str(folder / "in.wav")))
    playback = Playback(spec.create("speaker", f"wav:{folder / 'out.wav'}"), bus.publish)
    parts = TurnParts(SpeechParts(settings, engines, playback, bus.publish), melody=melody)
    wake = ScriptedWake([request.begin - WAKE_BEFORE for request in requests])
    listener = Listener(Capture(mic, bus.publish), wake, vad, settings.listen, bus.publish)
    for engine in (engines.asr, engines.llm, engines.tts):
        await engine.load()
    before = time.process_time()
    try:
        async with bus.subscribe("bench") as happening:
            await playback.open()
            async with asyncio.TaskGroup() as tasks:
                helper = tasks.create_task(parts.run())
                await listener.run(
                    parts.manager.start,
                    idle=lambda: parts.speech.activity.idle,
                    answer_age=parts.manager.answer_age,
                )
                helper.cancel()
            await playback.close()
            bus.end()
            happened = [event async for event in happening]
    finally:
        for engine in (engines.asr, engines.llm, engines.tts):
            await engine.close()
    assign(requests, happened, mic.began)
    return time.process_time() - before


def assign(requests: Sequence[Request], happened: Sequence[events.Event], began: float) -> None:
    """Enter events into the requests of their time. `began` is the tape's monotonic begin."""
    begins = np.array([request.begin - WAKE_BEFORE for request in requests]) / SPEECH.rate
    for event in happened:
        at = getattr(event, "mono", 0.0) - began
        index = int(np.searchsorted(begins, at, side="right")) - 1
        if index < 0:
            continue
        request = requests[index]
        since = at - request.end / SPEECH.rate
        match event:
            case events.SpeechEnd(decided_mono=decided):
                if decided - began < request.end / SPEECH.rate:
                    request.cut = True
                else:
                    request.parts["end"] = decided - began - request.end / SPEECH.rate
            case events.Joined():
                request.joined = True
            case events.Transcript(final=True):
                request.texts.append(event.text)
                request.parts["text"] = since
            case events.Reply() if request.first_sound is None:
                request.parts["words"] = since
            case events.AudioStart() if request.first_sound is None and since > 0:
                request.first_sound = since


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 % of all do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def report(name: str, requests: Sequence[Request], cpu: float) -> None:
    """Print a run."""
    for kind in ("whole", "with a pause"):
        chosen = [r for r in requests if bool(r.pause) == (kind == "with a pause")]
        found = sorted(r.first_sound for r in chosen if r.first_sound is not None)
        if not found:
            print(f"{name}, {kind}: no sound")
            continue
        cut = [r for r in chosen if r.cut]
        print(
            f"{name}, {kind}: {len(found)} of {len(chosen)} answered, first sound after "
            f"{statistics.median(found):.2f} s (p50), {p95(found):.2f} s "
            f"(p95); cut {len(cut)}, of these joined {sum(r.joined for r in cut)}; "
            f"wrong {sum(not r.right for r in chosen)}"
        )
    whole = [request.parts for request in requests if not request.pause]
    parts = {
        part: statistics.median([found[part] for found in whole if part in found] or [0.0])
        for part in ("end", "text", "words")
    }
    listed = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in parts.items())
    print(f"{name}, whole, until (p50): {listed}; {cpu:.0f} s of CPU")


async def compare(options: argparse.Namespace) -> int:
    """Run all and return the exit code."""
    model, voice = real_model(options.model), real_model(VOICE) / "en_US-joe-medium.onnx"
    choice = Choice(
        options.first, options.requests, options.seed, options.brain is not None, options.voice
    )
    brain = real_model(options.brain) / "model.gguf" if options.brain else None
    sound, _ = await tape(choice)
    results: dict[str, list[Request]] = {}

    async def hear(
        folder: Path, name: str, engines: Engines, by_meaning: bool = True, melody: bool = False
    ) -> None:
        _, requests = await tape(choice)
        ear = Melody(lambda: real_model("smart-turn-v3.2") / "smart-turn-v3.2-cpu.onnx")
        cpu = await run(folder, engines, requests, by_meaning, ear if melody else None)
        ear.close()
        report(name, requests, cpu)
        results[name] = requests
        if options.verbose:
            for request in requests:
                print(f"  {request}")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "in.wav", SPEECH, sound)
        await hear(folder, SILENCE, own(model, voice, brain), by_meaning=False)
        await hear(folder, MEANING, own(model, voice, brain))
        if options.melody:
            engines = own(model, voice, brain)
            engines = Engines(engines.asr, Unjudging(engines.llm), engines.tts)
            await hear(folder, MELODY, engines, melody=True)
            await hear(folder, BOTH, own(model, voice, brain), melody=True)
        if options.served:
            with served(folder, model, voice) as engines:
                await hear(folder, f"{MEANING}, served", engines)
    found = {
        name: [r.first_sound for r in requests if r.first_sound is not None and not r.pause]
        for name, requests in results.items()
    }
    if options.svg:
        title = f"Requests in one breath answered within seconds of their true end, {options.model}"
        options.svg.write_text(shares(title, found, most=2.0))
    wrong = {name: sum(not r.right for r in requests) for name, requests in results.items()}
    faster = statistics.median(found[MEANING]) < statistics.median(found[SILENCE])
    return int(not faster or wrong[MEANING] > wrong[SILENCE])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--requests", type=int, default=len(WHOLE))
    parser.add_argument("--voice", default=JOE, help="who speaks, such as kokoro:jf_alpha")
    parser.add_argument("--brain", help="a GGUF model, asked what no sentence knows")
    parser.add_argument("--melody", action="store_true", help="by Smart Turn, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--served", action="store_true", help="once more with a server")
    parser.add_argument("--svg", type=Path, help="draw the shares into this file")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    sys.exit(asyncio.run(compare(options)))


if __name__ == "__main__":
    main()
