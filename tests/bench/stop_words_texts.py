"""The voices of the measurements of stop words."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from functools import lru_cache

import numpy as np
import soxr

from tests.support.acoustics import RATE, Samples, samples
from tests.support.speech import speak

_FLITE = bool(shutil.which("flite"))

VOICES: tuple[tuple[str, int], ...] = (
    *(("en-us", 150), ("en-us+m3", 160), ("en-gb", 150), ("en-us+f1", 140)),
    *((("flite:rms", 0), ("flite:slt", 0), ("flite:awb", 0), ("flite:kal16", 0)) if _FLITE else ()),
)
"""Persons: a voice of eSpeak's and its words a minute, or one of Flite's."""

REPLIES: tuple[tuple[str, int], ...] = (
    *(("en-us+f3", 165), ("en-us", 170)),
    *((("flite:slt", 0), ("flite:rms", 0)) if _FLITE else ()),
)
"""Voices of the satellite."""


@lru_cache(maxsize=256)
def sound_of(text: str, voice: str, rate: int) -> Samples:
    """Return speech at 16 kHz."""
    if not voice.startswith("flite:"):
        return samples(speak(text, voice, rate))
    command = ["flite", "-voice", voice.partition(":")[2], "-t", text, "-o", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    with wave.open(io.BytesIO(done.stdout)) as reader:
        rate_of_it = reader.getframerate()
    spoken = np.frombuffer(done.stdout[44:], "<i2").astype(np.float64)
    return np.asarray(soxr.resample(spoken, rate_of_it, RATE), np.float64)
