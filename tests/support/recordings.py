"""Recorded speech of real people, if its folder exists beside the checkout."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

from tests.support.speech import silence, speak

FOLDER = Path(__file__).parents[3] / "shared" / "audio"


def path(name: str) -> Path:
    """Return the WAV file of a recording; skip the test if it is missing."""
    file = FOLDER / f"{name}.wav"
    if not file.exists():
        pytest.skip(f"the recording {name}.wav is not on this machine")
    return file


def samples(name: str) -> bytes:
    """Return a recording as 16 kHz mono; skip the test if it is missing."""
    with wave.open(str(path(name))) as reader:
        rate, channels = reader.getframerate(), reader.getnchannels()
        frames = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    mono = frames.reshape(-1, channels).mean(axis=1) / 32768
    return (np.clip(soxr.resample(mono, rate, 16000), -1, 1) * 32767).astype("<i2").tobytes()


def okay_nabu() -> bytes:
    """Return "okay nabu" as 16 kHz mono, spoken by a person if there is a recording.

    The eSpeak voice is one that detectors recognize quickly: 0.2 s after its end, where others
    take 0.6 s, during which the command of the same breath has begun.
    """
    try:
        return samples("okay_nabu")
    except pytest.skip.Exception:
        return silence(1.0) + speak("okay nabu", voice="en-us+m2", rate=170)
