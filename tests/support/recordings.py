"""Recorded speech of real people, where the folder with it lies beside the checkout."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

from tests.support.speech import silence, speak

FOLDER = Path(__file__).parents[3] / "shared" / "audio"


def path(name: str) -> Path:
    """The WAV file of a recording; skips the test where there is none."""
    file = FOLDER / f"{name}.wav"
    if not file.exists():
        pytest.skip(f"the recording {name}.wav is not on this machine")
    return file


def samples(name: str) -> bytes:
    """A recording as 16 kHz mono; skips the test where there is none."""
    with wave.open(str(path(name))) as reader:
        rate, channels = reader.getframerate(), reader.getnchannels()
        frames = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    mono = frames.reshape(-1, channels).mean(axis=1) / 32768
    return (np.clip(soxr.resample(mono, rate, 16000), -1, 1) * 32767).astype("<i2").tobytes()


def okay_nabu() -> bytes:
    """ "okay nabu" as 16 kHz mono, by a person where there is a recording.

    Of eSpeak's voices this is one that detectors are quick to hear: 0.2 s after its end, where
    others take 0.6 s, in which the command of the same breath has begun.
    """
    try:
        return samples("okay_nabu")
    except pytest.skip.Exception:
        return silence(1.0) + speak("okay nabu", voice="en-us+m2", rate=170)
