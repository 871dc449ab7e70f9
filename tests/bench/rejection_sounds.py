"""The utterances of the measurement of rejection, spoken, recorded and noisy."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soxr

from tests.bench.rejection_texts import COMMANDS, NEAR, ORDINARY
from tests.support import real_models, recordings
from tests.support.requests import LAMP
from tests.support.speech import RATE, silence, speak

ESPEAK = ("en-us+f3", "en-us+f2", "en-us+m3", "en-us", "en-gb")
FLITE = ("slt", "rms", "awb", "kal16")
PIPER = "joe"
"""The voice en_US-joe-medium."""
NOISES = ("white", "pink", "tone", "breath", "clicks", "babble", "silence")
CHOSEN_ON = ("en-us+f3", "en-us+m3", "flite:slt", "flite:kal16")
PEOPLE = Path("/usr/share/pocketsphinx/test/data")
"""Where Debian's package pocketsphinx-testdata has recordings; none of them is a command."""
PIECE = int(2.2 * RATE)
"""Samples of a recording that are one utterance: as long as a command."""
HALVES = ("chosen on", "half new", "unseen")
"""Whether an utterance was used in choosing the rule."""
COMMAND_VOICES = 3
"""Voices of each command in the short form of the measurement."""
PREROLL = int(0.3 * RATE) * 2
"""Bytes of a wake word that the satellite sends before a command."""
PEAK = 0.4
"""Peak of every voice, full scale being 1."""


class Case(msgspec.Struct, frozen=True):
    """One utterance: its kind, speaker, text, and level above the noise (dB)."""

    kind: str
    voice: str
    text: str
    number: int
    noise: float = 35
    """For a recorded command, seconds of silence between the wake word's end and it."""

    @property
    def half(self) -> str:
        """Whether it was used in choosing the rule."""
        even, voice = self.number % 2 == 0, self.voice in CHOSEN_ON
        return HALVES[0 if even and voice else 1 if even or voice else 2]


def cases(quick: bool) -> Iterator[Case]:
    """Yield all utterances; with `quick`, each text in one voice, or `COMMAND_VOICES`, in turn."""
    yield from _spoken(quick)
    for name in NOISES:
        for number in range(8):
            yield Case("noise", name, "", number)
    yield from _recorded()


def _spoken(quick: bool) -> Iterator[Case]:
    flite = [f"flite:{name}" for name in FLITE] if shutil.which("flite") else []
    piper = [f"piper:{PIPER}"] if _piper_file().exists() else []
    voices = [*ESPEAK, *flite, *piper]
    for kind, texts in (("command", COMMANDS), ("ordinary", ORDINARY), ("near", NEAR)):
        most = (COMMAND_VOICES if kind == "command" else 1) if quick else len(voices)
        for number, text in enumerate(texts):
            for turn in range(most):
                voice = voices[(number // 2 + 3 * turn) % len(voices) if quick else turn]
                yield Case(kind, voice, text, number, 35 if (number // 2 + turn) % 2 else 25)


def _recorded() -> Iterator[Case]:
    for file in sorted([*PEOPLE.rglob("*.wav"), *PEOPLE.rglob("*.raw")]):
        for number in range(max(1, _people(file).size // PIECE)):
            yield Case("people", str(file), "", number)
    if recordings.FOLDER.is_dir():
        for wake in ("okay_nabu", "hey_jarvis"):
            yield Case("recording", wake, "", 0)
            for pause in (0.0, 0.2, 0.5, 1.0):
                yield Case("recorded command", wake, LAMP, 0, pause)
        yield Case("recorded command", "", LAMP, 0)


def sound(case: Case) -> bytes:
    """The case's utterance, 16 kHz mono."""
    if case.kind == "recorded command":
        end = recordings.samples(case.voice)[-PREROLL:] if case.voice else b""
        command = recordings.samples(LAMP.replace(" ", "_"))
        return end + silence(case.noise if case.voice else 0) + command + silence(0.7)
    if case.kind == "recording":
        return recordings.samples(case.voice)
    if case.kind == "people":
        start = case.number * PIECE
        return _people(Path(case.voice))[start : start + PIECE].tobytes()
    if case.kind == "noise":
        return _pcm(_noise(case.voice, case.number))
    return spoken(case, case.text)


def spoken(case: Case, text: str) -> bytes:
    """Return a text in the voice and noise of a case, 16 kHz mono."""
    voice = _voice(ESPEAK[0] if case.kind == "recorded command" else case.voice, text)
    padded = np.concatenate([np.zeros(int(0.3 * RATE)), voice, np.zeros(int(0.7 * RATE))])
    level = np.sqrt(np.mean(voice**2)) * 10 ** (-case.noise / 20)
    return _pcm(padded + level * _pink(np.random.default_rng(case.number), len(padded)))


def _people(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Whole pieces of a recording; a shorter one whole."""
    if file.suffix == ".raw":
        samples = np.fromfile(file, "<i2")
    else:
        with wave.open(str(file)) as reader:
            rate, data = reader.getframerate(), reader.readframes(reader.getnframes())
        samples = np.frombuffer(data, "<i2")
        if rate != RATE:
            samples = soxr.resample(samples, rate, RATE)
    return samples


def _voice(voice: str, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if voice.startswith("piper:"):
        from piper import SynthesisConfig

        # without random variation, so that it is the same in each run
        config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
        chunks = list(_piper().synthesize(text, config))
        whole = np.concatenate([chunk.audio_float_array for chunk in chunks])
        samples = soxr.resample(whole.astype(np.float64), chunks[0].sample_rate, RATE)
    elif voice.startswith("flite:"):
        command = ["flite", "-voice", voice.partition(":")[2], "-t", text, "-o", "/dev/stdout"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
        with wave.open(io.BytesIO(done.stdout)) as reader:
            rate, data = reader.getframerate(), done.stdout[44:]
        samples = soxr.resample(np.frombuffer(data, "<i2") / 32768, rate, RATE)
    else:
        samples = np.frombuffer(speak(text, voice), "<i2") / 32768
    return samples * (PEAK / np.abs(samples).max())


def _piper_file() -> Path:
    return real_models.cache() / "piper-en_US-joe-medium" / f"en_US-{PIPER}-medium.onnx"


@cache
def _piper() -> Any:
    from piper import PiperVoice

    return PiperVoice.load(_piper_file())


def _noise(name: str, number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    dice = np.random.default_rng(number)
    size = int(RATE * (0.5 + number / 2))
    times = np.arange(size) / RATE
    white = dice.normal(0, 1, size)
    if name == "pink":
        white = _pink(dice, size)
    elif name == "tone":
        white = np.sin(2 * np.pi * 150 * (number + 1) * times)
    elif name == "breath":
        white *= np.sin(np.pi * times / 1.2) ** 2
    elif name == "clicks":
        white *= dice.random(size) < 3 / RATE
    elif name == "babble":
        white = np.zeros(size)
        for voice in dice.integers(len(ORDINARY), size=6):
            talk = _voice(ESPEAK[voice % len(ESPEAK)], ORDINARY[voice])
            white += np.roll(np.resize(talk, size), dice.integers(size))
    elif name == "silence":
        return np.zeros(size)
    return white * ((0.05, 0.3)[number % 2] / (np.abs(white).max() or 1))


def _pink(
    dice: np.random.Generator, size: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Noise with as much power in each octave; its root mean square is 1."""
    spectrum = np.fft.rfft(dice.normal(0, 1, size))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    samples = np.fft.irfft(spectrum, size)
    return samples / np.sqrt(np.mean(samples**2))


def _pcm(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
