"""The level of a microphone, and a tone to test a speaker."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from math import log10

import msgspec

from satellite.ports import Mic
from satellite.values import AudioChunk, AudioFormat

PERIOD = 0.1
"""Seconds of sound in one level."""

QUIETEST = -96.0
"""dBFS of silence: below the smallest 16-bit sample."""

_TONE_PEAK = 0.25
"""Peak as a part of full scale: clearly audible, and not too loud at any volume."""

_TONE_FADE = 0.01
"""Seconds of fade at both ends, against clicks."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """Loudness of a tenth of a second in dBFS: 0 for full scale, -96 for silence."""

    rms: float
    peak: float


async def levels(mic: Mic) -> AsyncGenerator[Level, None]:
    """Open a microphone and yield its level ten times a second, all channels together.

    Raises `DeviceMissing`, `DeviceLost`. Closing the generator closes the microphone.
    """
    try:
        form = await mic.open()
        size = form.bytes_of(PERIOD)
        buffer = b""
        while True:
            buffer += await mic.read()
            while len(buffer) >= size:
                yield level(buffer[:size])
                buffer = buffer[size:]
    finally:
        await mic.close()


def level(samples: bytes) -> Level:
    """Return the level of s16le samples."""
    import numpy as np

    values = np.frombuffer(samples, "<i2").astype(np.float64) / 32768
    if not len(values):
        return Level(rms=QUIETEST, peak=QUIETEST)
    return Level(
        rms=_decibels(float(np.sqrt(np.mean(values**2)))), peak=_decibels(float(abs(values).max()))
    )


def tone(frequency: float, seconds: float, rate: int = 22050) -> AudioChunk:
    """Return a sine of `frequency` Hz, mono, faded in and out."""
    import numpy as np

    time = np.arange(int(seconds * rate)) / rate
    fade = np.minimum(1, np.minimum(time, time[::-1]) / _TONE_FADE)
    wave = np.sin(2 * np.pi * frequency * time) * fade * _TONE_PEAK * 32767
    return AudioChunk(audio=np.rint(wave).astype("<i2").tobytes(), format=AudioFormat(rate))


def _decibels(amplitude: float) -> float:
    return max(QUIETEST, 20 * log10(amplitude)) if amplitude else QUIETEST
