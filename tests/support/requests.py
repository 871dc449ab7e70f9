"""Spoken requests as WAV files, from recordings or speech synthesis."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from satellite.audio.wavfile import read_wav, write_wav
from satellite.values import SPEECH
from tests.support import recordings
from tests.support.speech import silence, speak

QUIET = 200
"""Samples below this are inaudible."""

LAMP = "turn on the living room lamp"


def recorded_request(file: Path, times: int = 1, pause: float = 0.2, gap: float = 5.0) -> Path:
    """Write recorded "okay nabu", a pause, "turn on the living room lamp", and a gap, repeated."""
    wake, command = recordings.samples("okay_nabu"), recordings.samples(LAMP.replace(" ", "_"))
    return _write(file, (wake + silence(pause) + command + silence(gap)) * times)


def spoken_request(
    file: Path, text: str, times: int = 1, pause: float = 0.8, gap: float = 5.0
) -> Path:
    """Write eSpeak NG's "okay nabu", a pause, the text, and a gap, repeated."""
    once = speak("okay nabu", voice="en-us+m3") + silence(pause) + speak(text) + silence(gap)
    return _write(file, silence(1.0) + once * times)


def sound_in(file: Path) -> float:
    """Return the seconds of audible sound in a WAV file."""
    form, audio = read_wav(file)
    step = form.bytes_of(0.02) // 2
    samples = np.frombuffer(audio, "<i2")
    pieces = samples[: len(samples) - len(samples) % step].reshape(-1, step)
    return float(0.02 * np.count_nonzero(np.abs(pieces.astype(int)).max(axis=1) > QUIET))


def _write(file: Path, pcm: bytes) -> Path:
    write_wav(file, SPEECH, pcm)
    return file
