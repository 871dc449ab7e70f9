"""Test sounds: speech of eSpeak NG, silence, noise and tones, all 16 kHz mono."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soxr

RATE = 16000
SPOKEN = 22050
"""eSpeak NG's rate in Hz."""
ROOT = Path(__file__).parents[2]
VOICE = "en-us+klatt6"
"""A voice that sounds the same in each process: chosen among 95 of that kind because both
detectors are sure of "hey jarvis" in it, and PocketSphinx understands it best."""

_SPEAK = """
import sys
from servers.espeak.library import library
text, voice, rate = sys.argv[1:]
source = library()
sys.stdout.buffer.write(source.speak(text, source.voices.find(voice), rate=int(rate)))
"""


@functools.lru_cache(maxsize=256)
def speak(text: str, voice: str = VOICE, rate: int = 150) -> bytes:
    """Return speech of `text` at `rate` words per minute.

    The wobble of eSpeak NG's voice depends on its earlier speech, which changes the results of
    sensitive listeners. Therefore a separate process speaks each text, which makes it identical to
    the last bit; except for the variants that define `breath` (f2, f3, f5, Alicia), which read
    uninitialised memory and come in two to four forms.
    """
    spoken = _spoken(text, voice, rate, os.environ)
    if spoken.returncode != 0:
        raise ChildProcessError(spoken.stderr.decode())
    return _pcm(soxr.resample(np.frombuffer(spoken.stdout, "<i2") / 32768, SPOKEN, RATE))


def forms(text: str, voice: str = VOICE, rate: int = 150) -> int:
    """Return in how many forms processes speak a text whose new memory holds different bytes."""
    spoken = (
        _spoken(text, voice, rate, {**os.environ, "MALLOC_PERTURB_": fill, "FILL": fill * size})
        for fill, size in (("0", 1), ("85", 50), ("170", 300))
    )
    return len({(each.returncode, each.stdout) for each in spoken})


def _spoken(
    text: str, voice: str, rate: int, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", _SPEAK, text, voice, str(rate)]
    return subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, env=environment)


def silence(seconds: float) -> bytes:
    """Return digital silence."""
    return bytes(2 * round(seconds * RATE))


def noise(seconds: float, level: float = 0.05, seed: int = 0) -> bytes:
    """Return white noise with a root mean square of `level` (1 is full scale)."""
    return _pcm(np.random.default_rng(seed).normal(0, level, round(seconds * RATE)))


def tone(seconds: float, frequency: float = 440.0, level: float = 0.3) -> bytes:
    """Return a sine wave of `frequency` Hz and amplitude `level` (1 is full scale)."""
    times = np.arange(round(seconds * RATE)) / RATE
    return _pcm(level * np.sin(2 * np.pi * frequency * times))


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> Path:
    """Write mono samples to a WAV file and return its path."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return path


def _pcm(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
