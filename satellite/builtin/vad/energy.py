"""Voice detection by loudness alone: sound well above the room's noise."""

from __future__ import annotations

import math
from collections import deque
from typing import Annotated

import numpy as np

from satellite.options import OptionSet, option
from satellite.values import SPEECH

_FULL_SCALE = 32768.0

_QUIETEST = -60.0
"""Lowest loudness (dBFS) that is distinguished: the noise of a good microphone's amplifier."""

_ASSUMED_ROOM = -50.0
"""Noise (dBFS) assumed before any was measured: a quiet living room."""

_SOFTNESS = 1.5
"""Decibels around the margin over which the probability goes from about a quarter to about three
quarters: the loudness of steady noise varies by less from frame to frame."""


class EnergyVad:
    """Treats sound that is louder than the room's noise as voice; needs no model."""

    class Options(OptionSet, frozen=True):
        """Options of the detector."""

        margin: Annotated[
            float,
            option(
                "Treat sound this much above the noise as voice", unit="dB", minimum=1, maximum=60
            ),
        ] = 9.0
        memory: Annotated[
            float,
            option(
                "Take the quietest moment of this time as the noise",
                unit="s",
                minimum=0.2,
                maximum=30,
            ),
        ] = 2.0

    frame_samples = 512

    def __init__(self, options: Options) -> None:
        self._margin = options.margin
        frames = max(1, round(options.memory * SPEECH.rate / self.frame_samples))
        self._levels: deque[float] = deque(maxlen=frames)
        self.reset()

    def load(self) -> None:
        """Do nothing: there is no model."""

    def probability(self, frame: bytes) -> float:
        """Return how far a frame of 512 samples stands out of the noise, 0 to 1; 0.5 at the margin.

        The noise is the lowest recent loudness (minimum statistics, R. Martin 2001): a voice has
        gaps between its syllables, steady noise has none. Raises `ValueError` for a frame of
        another size.
        """
        if len(frame) != 2 * self.frame_samples:
            raise ValueError(f"a frame has {self.frame_samples} samples, not {len(frame) / 2:g}")
        level = _loudness(frame)
        self._levels.append(level)
        above = level - min(self._levels) - self._margin
        return 0.5 * (1.0 + math.tanh(above / (2.0 * _SOFTNESS)))

    def reset(self) -> None:
        """Forget the noise of the room."""
        self._levels.clear()
        self._levels.extend([_ASSUMED_ROOM] * (self._levels.maxlen or 1))


def _loudness(frame: bytes) -> float:
    """Return the loudness in dBFS without DC offset, at least `_QUIETEST`."""
    samples = np.frombuffer(frame, "<i2") / _FULL_SCALE
    return max(_QUIETEST, 20.0 * math.log10(max(float(samples.std()), 1e-9)))
