"""When scores are a wake word: threshold, trigger level and refractory time."""

from __future__ import annotations

from collections.abc import Callable

from satellite.values import SPEECH

NEARLY = 0.5
"""Part of the threshold from which a score was like the word."""

AFTER = SPEECH.rate
"""Samples in which a word may still be heard after a score like it: words rise slowly."""


class Trigger:
    """Decides for one word of one audio stream.

    A score of at least `threshold` counts up, a lower one counts down, not below nothing; the word
    was heard when the count reaches `level`. After that nothing is heard, and nothing is counted,
    for `refractory` samples.
    """

    nearly: Callable[[float], None] | None = None
    """Told the best score of what was like the word, and was not it."""

    def __init__(self, threshold: float, level: int, refractory: int) -> None:
        self._threshold = threshold
        self._level = level
        self._refractory = refractory
        self._count = 0
        self._deaf_until = 0
        self._best = 0.0
        self._best_at = 0

    def heard(self, score: float, sample: int) -> bool:
        """Whether the word was heard, given its score (0 to 1) at `sample` of the stream."""
        if sample < self._deaf_until:
            return False
        self._follow(score, sample)
        if score < self._threshold:
            self._count = max(0, self._count - 1)
            return False
        self._count += 1
        if self._count < self._level:
            return False
        self._count = 0
        self._best = 0.0
        self._deaf_until = sample + self._refractory
        return True

    def forget(self) -> None:
        """Count from nothing again: sound is left out in which nothing is to be heard."""
        self._count = 0
        self._tell()

    def _follow(self, score: float, sample: int) -> None:
        if score >= NEARLY * self._threshold:
            self._best, self._best_at = max(self._best, score), sample
        elif self._best and sample - self._best_at >= AFTER:
            self._tell()

    def _tell(self) -> None:
        if self._best and self.nearly is not None:
            self.nearly(self._best)
        self._best = 0.0
