"""Spoken requests for Home Assistant, and the normalization of its answers."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest

from tests.support import recordings
from tests.support.debian import need
from tests.support.requests import LAMP
from tests.support.speech import silence, speak

__all__ = ["LAMP", "lamp", "pcm", "request", "words"]

_AUDIBLE = 300
"""Samples below this are noise of the room."""


def lamp() -> bytes:
    """Return "turn on the living room lamp", spoken by a person if there is a recording."""
    try:
        return recordings.samples(LAMP.replace(" ", "_"))
    except pytest.skip.Exception:
        return speak(LAMP)


def request(pause: float = 0.1) -> bytes:
    """Return wake word and request in one breath: a pause of 0.6 s ends a command."""
    word, command = _without_edges(recordings.okay_nabu()), _without_edges(lamp())
    return silence(1.0) + word + silence(pause) + command


def words(text: str | None) -> str:
    """Return a transcript without case, punctuation and the half-swallowed article."""
    return " ".join(re.findall(r"[a-z']+", (text or "").lower())).replace("on the ", "on ")


def pcm(file: bytes) -> bytes:
    """Convert any sound file to 16 kHz mono."""
    command = [need("ffmpeg", "ffmpeg"), "-v", "error", "-i", "-", "-f", "s16le", "-ac", "1"]
    done = subprocess.run(
        [*command, "-ar", "16000", "-"], input=file, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _without_edges(speech: bytes) -> bytes:
    samples = np.frombuffer(speech, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(int)) > _AUDIBLE)
    return samples[loud[0] : loud[-1]].tobytes()
