"""Speaker and microphone have clocks of their own: where an echo's origin is, as time goes by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH

Floats = npt.NDArray[np.float32]

_SPAN, _SPAN_AGAIN = SPEECH.rate, 3 * SPEECH.rate
"""Samples between the first and the last of the delays from which a drift is told: where nothing is
known of it, and where it is to be known better. Clocks change slowly."""

_POINTS = 3
"""Delays from which it is told."""

_STRAIGHT = 0.7
"""Samples by which a delay may lie beside the line through all: one that jumps is no drift."""

_MOST = 5e-4
"""Samples a sample: cheap crystals differ by 1e-4, anything more is no crystal."""

_LEAST = 2e-6
"""Below this the filter follows by itself (0.03 samples a second)."""

_WHOLE = 0.05
"""Samples beside a whole one that make no difference."""

_PIECE = 512
"""Samples made at once: by their end the clocks are a twentieth of a sample further at most, which
is left out."""

_TAPS = np.arange(-7, 9)
"""Samples around a moment between two, from which its value is made (a windowed sinc)."""


class Clocks:
    """Follows how the delay between what is played and what is heard drifts within a sound."""

    def __init__(self, reference: PlaybackReference) -> None:
        self.drift = 0.0
        """Samples by which the delay grows with each sample; kept from sound to sound."""
        self.told = False
        """Whether anything is known of the drift."""
        self._reference = reference
        self._offset = 0.0
        self._anchor = self._began = 0
        self._found: list[tuple[int, float]] = []

    def recall(self, drift: float) -> None:
        """Take a drift that was told another day."""
        self.drift, self.told = drift, True

    def offset(self, position: int) -> float:
        """Samples from what is heard at a position back to what is taken for played then."""
        return self._offset + self.drift * (position - self._anchor)

    def align(self, offset: float, position: int) -> None:
        """From now on, what is played and heard lie so far apart at a position."""
        self._offset, self._anchor = offset, position

    def begin(self, position: int) -> None:
        """Another sound begins, whose delay may be another: it is taken to be what that of the
        sound before was at its beginning, from where it has drifted."""
        self.align(self.offset(self._began), position)
        self._began = position
        self._found.clear()

    def note(self, position: int, delay: float) -> None:
        """A delay was found at a position; learn from it and those before it."""
        self._found.append((position, delay))
        positions, delays = np.array(self._found).T
        span = _SPAN_AGAIN if self.told else _SPAN
        if len(self._found) < _POINTS or positions[-1] - positions[0] < span:
            return
        slope, start = np.polyfit(positions, delays, 1)
        beside = np.abs(delays - slope * positions - start).max()
        if beside < _STRAIGHT and abs(slope) < _MOST:
            self.align(self.offset(position), position)
            self.drift = float(slope) if abs(slope) > _LEAST else 0.0
            self.told = True
        else:
            del self._found[:-1]

    def played(self, position: int, count: int) -> Floats:
        """What was played, as far as it belongs to `count` samples heard from a position on."""
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
