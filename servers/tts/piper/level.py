"""The level of a voice's sound, of which a sentence's loudest sample is not known at its beginning.

Piper amplifies each sentence so that its loudest sample is at full scale. Here the level is that
of the voice's recent sentences, and falls within a sentence that is louder.
"""

from __future__ import annotations

from typing import Any

import numpy as np

USUAL = 0.4
"""Loudest sample of a sentence, of 1 for full scale, before any was heard: that of most voices is
between 0.3 and 0.7."""

WEIGHT = 0.1
"""Weight of a sentence that is quieter than those before it: a loud one counts at once."""

SLOPE = 256
"""Samples in which the level falls, about 12 ms: faster changes are heard as a click."""


class Level:
    """The level of one speaker."""

    def __init__(self) -> None:
        self.peak = 0.0
        """The loudest sample of recent sentences; 0 before the first one."""

    def sentence(self) -> SentenceLevel:
        """Begin a sentence."""
        return SentenceLevel(self)


class SentenceLevel:
    """The level of a sentence that is made in parts."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._own = 0.0
        self._peak = level.peak or USUAL
        self._gain: float | None = None

    def apply(self, samples: Any) -> Any:
        """Return the next part, amplified, within -1 and 1."""
        if not len(samples):
            return samples
        self._own = max(self._own, float(np.abs(samples).max()))
        self._peak = max(self._peak, self._own)
        before, self._gain = self._gain, 1 / self._peak
        gain = np.full(len(samples), self._gain, np.float32)
        if before is not None:
            slope = min(SLOPE, len(samples))
            gain[:slope] = np.linspace(before, self._gain, slope)
        return np.clip(samples * gain, -1.0, 1.0)

    def finish(self) -> None:
        """Note the loudness of the whole sentence for the ones after it; silence counts nothing."""
        before = self._level.peak
        if self._own < USUAL / 100:
            return
        quieter = before + WEIGHT * (self._own - before)
        self._level.peak = max(self._own, quieter) if before else self._own
