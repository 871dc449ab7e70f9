"""How often PocketSphinx accepts commands, and how often anything else.

    python -m tests.bench.rejection [--quick]

Commands and other talk (tests/bench/rejection_texts.py) are spoken by eSpeak NG in several voices,
and by Flite where it is installed (apt install flite; its voices slt, rms and awb are made of
recordings of people), with 0.3 s of sound before and 0.7 s after as the satellite sends it, at 35
and 25 dB above white noise. Then noises, and the recordings of tests/support where they are there.
The rule of servers/asr/confidence.py was chosen on texts of even number, and its threshold on texts
of both kinds: the two columns are even and odd texts, and neither is unseen by the threshold.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import msgspec
import numpy as np
import soxr

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from servers.asr.confidence import THRESHOLD
from servers.asr.pocketsphinx import PocketSphinx
from servers.asr.recognizer import Recognizer
from tests.bench.rejection_texts import COMMANDS, NEAR, ORDINARY
from tests.support import recordings
from tests.support.speech import RATE, speak

ESPEAK = ("en-us+f3", "en-us+f2", "en-us+m3", "en-us", "en-gb")
FLITE = ("slt", "rms", "awb")
NOISES = ("white", "pink", "tone", "breath", "clicks", "babble", "silence")
PEAK = 0.4
"""Of every voice, full scale being 1."""


class Case(msgspec.Struct, frozen=True):
    """One utterance: what kind, by whom, what is said, and how far above the noise (dB)."""

    kind: str
    voice: str
    text: str
    number: int
    noise: float = 35


class Outcome(msgspec.Struct, frozen=True):
    case: Case
    heard: str
    sureness: float

    @property
    def accepted(self) -> bool:
        return bool(self.heard) and self.sureness >= THRESHOLD


def cases(quick: bool) -> Iterator[Case]:
    flite = [f"flite:{name}" for name in FLITE] if shutil.which("flite") else []
    for voice in [*ESPEAK[: 1 if quick else None], *flite[: 1 if quick else None]]:
        for kind, texts in (("command", COMMANDS), ("ordinary", ORDINARY), ("near", NEAR)):
            for number, text in enumerate(texts):
                yield Case(kind, voice, text, number, 35 if number // 2 % 2 else 25)
    for name in NOISES:
        for number in range(8):
            yield Case("noise", name, "", number)
    for name in ("okay_nabu", "hey_jarvis"):
        yield Case("recording", name, "", 1)
    yield Case("recorded command", "", "turn on the living room lamp", 1)


def sound(case: Case) -> bytes:
    """The case's utterance, 16 kHz mono."""
    if case.kind == "recorded command":
        return recordings.samples("turn_on_the_living_room_lamp")
    if case.kind == "recording":
        return recordings.samples(case.voice)
    if case.kind == "noise":
        return _pcm(_noise(case.voice, case.number))
    voice = _voice(case.voice, case.text)
    padded = np.concatenate([np.zeros(int(0.3 * RATE)), voice, np.zeros(int(0.7 * RATE))])
    level = np.sqrt(np.mean(voice**2)) * 10 ** (-case.noise / 20)
    return _pcm(padded + np.random.default_rng(case.number).normal(0, level, len(padded)))


def _voice(voice: str, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if voice.startswith("flite:"):
        command = ["flite", "-voice", voice.partition(":")[2], "-t", text, "-o", "/dev/stdout"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        with wave.open(io.BytesIO(done.stdout)) as reader:
            rate, data = reader.getframerate(), done.stdout[44:]
        samples = soxr.resample(np.frombuffer(data, "<i2") / 32768, rate, RATE)
    else:
        samples = np.frombuffer(speak(text, voice), "<i2") / 32768
    return samples * (PEAK / np.abs(samples).max())


def _noise(name: str, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    dice = np.random.default_rng(number)
    size = int(RATE * (0.5 + number / 2))
    times = np.arange(size) / RATE
    white = dice.normal(0, 1, size)
    if name == "pink":
        spectrum = np.fft.rfft(white)
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        white = np.fft.irfft(spectrum, size)
    elif name == "tone":
        white = np.sin(2 * np.pi * 150 * (number + 1) * times)
    elif name == "breath":
        white *= np.sin(np.pi * times / 1.2) ** 2
    elif name == "clicks":
        white *= dice.random(size) < 3 / RATE
    elif name == "babble":
        white = np.zeros(size)
        for voice in dice.integers(len(ORDINARY), size=6):
            said = _voice(ESPEAK[voice % len(ESPEAK)], ORDINARY[voice])
            white += np.roll(np.resize(said, size), dice.integers(size))
    elif name == "silence":
        return np.zeros(size)
    return white * ((0.05, 0.3)[number % 2] / (np.abs(white).max() or 1))


def _pcm(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


@cache
def _recognizer() -> Recognizer:
    return PocketSphinx(PocketSphinx.Options()).make((USUAL_NAMES, USUAL_AREAS))


def hear(case: Case) -> Outcome:
    recognizer = _recognizer()
    recognizer.begin()
    recognizer.feed(sound(case))
    return Outcome(case, *recognizer.finish())


def report(outcomes: list[Outcome]) -> None:
    print(f"accepted, with confidence at least {THRESHOLD}; even texts | odd texts")
    for kind in ("command", "ordinary", "near", "noise"):
        mine = [o for o in outcomes if o.case.kind == kind]
        for voice in [*dict.fromkeys(o.case.voice for o in mine), "all"]:
            these = [o for o in mine if voice in (o.case.voice, "all")]
            halves = " | ".join(
                _rates([o for o in these if o.case.number % 2 == h]) for h in (0, 1)
            )
            print(f"{kind:9} {voice:10} {halves}")
    for o in outcomes:
        if "recorded" in o.case.kind or (o.accepted and o.heard != o.case.text):
            verdict = "accepted" if o.accepted else "rejected"
            print(
                f"{verdict} {o.case.kind} {o.case.voice}: {o.case.text!r} as {o.heard!r}", end=" "
            )
            print(f"({o.sureness:.2f})")


def _rates(outcomes: list[Outcome]) -> str:
    count = max(1, len(outcomes))
    right = sum(o.accepted and o.heard == o.case.text for o in outcomes) / count
    other = sum(o.accepted and o.heard != o.case.text for o in outcomes) / count
    return f"{len(outcomes):4} right {right:6.1%} other {other:6.1%}"


def main() -> None:
    with ProcessPoolExecutor(2) as executor:
        report(list(executor.map(hear, cases("--quick" in sys.argv), chunksize=10)))


if __name__ == "__main__":
    main()
