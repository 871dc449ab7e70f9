"""Voices of people: recordings of this machine, and speech that is generated for the tests."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from satellite.audio.resample import Resampler
from satellite.values import SPEECH, AudioFormat
from servers.espeak.library import library

RECORDINGS = Path("/usr/share/pocketsphinx/test/data")
"""Of Debian's pocketsphinx-testdata: one reader of LibriVox, and another person."""

TEXTS = (
    "The lamp in the kitchen is still on, and the window upstairs is open.",
    "Please set a timer for twenty minutes and remind me of the bread.",
    "Tomorrow will be cold and windy, so take your warm coat with you.",
    "What is the name of the song that we heard in the car this morning?",
)


def reader() -> list[bytes]:
    """Return five clips of a woman who reads, 3 to 7 s each; empty without the package."""
    return [_read(file) for file in sorted((RECORDINGS / "librivox").glob("*.wav"))]


def other_person() -> list[bytes]:
    """Return clips of a man who names cards, 1 to 3 s each; empty without the package."""
    return [_read(file) for file in sorted((RECORDINGS / "cards").glob("*.wav"))]


def espeak(voice: str, texts: tuple[str, ...] = TEXTS) -> list[bytes]:
    """Return texts spoken by a voice of eSpeak NG, 16 kHz mono."""
    source = library()
    found = source.voices.find(voice)
    return [resampled(source.speak(text, found), source.rate) for text in texts]


def resampled(audio: bytes, rate: int) -> bytes:
    """Return mono audio at 16 kHz."""
    resampler = Resampler(AudioFormat(rate), SPEECH)
    return resampler.convert(audio) + resampler.flush()


def write_wav(path: Path, audio: bytes) -> Path:
    """Write 16 kHz mono audio as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH.rate)
        file.writeframes(audio)
    return path


def silence(seconds: float) -> bytes:
    """Return a quiet room's noise, always the same."""
    random = np.random.default_rng(0)
    return random.normal(0, 3, round(seconds * SPEECH.rate)).astype("<i2").tobytes()


def _read(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (SPEECH.rate, 1)
        return file.readframes(file.getnframes())
