"""Clock drift between speaker and microphone: maps recorded positions to played ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH

Floats = npt.NDArray[np.float32]

_SPAN, _SPAN_AGAIN = SPEECH.rate, 3 * SPEECH.rate
"""Samples between the first and the last of the delays from which a drift is estimated: the first
time, and to refine it. Clocks change slowly."""

_POINTS = 3
"""Delays from which a drift is estimated, at least."""

_STRAIGHT = 0.7
"""Samples by which a delay may miss the line through all of them: a jump is no drift."""

_MOST = 5e-4
"""Highest drift (samples per sample): cheap crystals differ by 1e-4, none by more than this."""

_LEAST = 2e-6
"""Drift below which the filter follows by itself (0.03 samples per second)."""

_WHOLE = 0.05
"""Fraction of a sample that makes no difference."""

_PIECE = 512
"""Samples interpolated at once: by their end the clocks have drifted by a twentieth of a sample at
most, which is neglected."""

_TAPS = np.arange(-7, 9)
"""Samples around a fractional position from which it is interpolated (a windowed sinc)."""


class Clocks:
    """Follows the drift of the delay between played and recorded sound."""

    def __init__(self, reference: PlaybackReference) -> None:
        self.drift = 0.0
        """Samples by which the delay grows with each sample; holds for later sounds, too."""
        self.is_known = False
        """Whether the drift was estimated or restored."""
        self._reference = reference
        self._offset = 0.0
        self._anchor = self._began = 0
        self._found: list[tuple[int, float]] = []

    def set_drift(self, drift: float) -> None:
        """Take a drift that was estimated earlier."""
        self.drift, self.is_known = drift, True

    def offset(self, position: int) -> float:
        """Return the samples from a recorded position back to the played one that it holds."""
        return self._offset + self.drift * (position - self._anchor)

    def align(self, offset: float, position: int) -> None:
        """Take `offset` for the distance between recorded and played sound at a position."""
        self._offset, self._anchor = offset, position

    def begin(self, position: int) -> None:
        """Begin another sound. Its delay is assumed to be that with which the sound before began,
        without the drift since."""
        self.align(self.offset(self._began), position)
        self._began = position
        self._found.clear()

    def note(self, position: int, delay: float) -> None:
        """Estimate the drift from a delay found at a position, and from those before it."""
        self._found.append((position, delay))
        positions, delays = np.array(self._found).T
        span = _SPAN_AGAIN if self.is_known else _SPAN
        if len(self._found) < _POINTS or positions[-1] - positions[0] < span:
            return
        slope, start = np.polyfit(positions, delays, 1)
        beside = np.abs(delays - slope * positions - start).max()
        if beside < _STRAIGHT and abs(slope) < _MOST:
            self.align(self.offset(position), position)
            self.drift = float(slope) if abs(slope) > _LEAST else 0.0
            self.is_known = True
        else:
            del self._found[:-1]

    def played(self, position: int, count: int) -> Floats:
        """Return the played samples that belong to `count` recorded ones from a position on."""
        if not self.drift:
            return self._between(position, count)
        starts = range(0, count, _PIECE)
        pieces = [self._between(position + at, min(_PIECE, count - at)) for at in starts]
        return np.concatenate(pieces)

    def _between(self, position: int, count: int) -> Floats:
        start = position - self.offset(position)
        if abs(start - round(start)) < _WHOLE:
            return self._take(round(start), count)
        first = int(np.floor(start)) + int(_TAPS[0])
        between = start - np.floor(start)
        taps = np.sinc(_TAPS - between) * np.cos(np.pi * (_TAPS - between) / len(_TAPS)) ** 2
        around = self._take(first, count + len(_TAPS) - 1)
        return np.convolve(around, (taps / taps.sum())[::-1], "valid").astype(np.float32)

    def _take(self, start: int, count: int) -> Floats:
        return np.frombuffer(self._reference.take(start, count), "<i2").astype(np.float32)
