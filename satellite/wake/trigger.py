"""When scores are a wake word: threshold, trigger level and refractory time."""

from __future__ import annotations


class Trigger:
    """Decides for one word of one audio stream.

    A score of at least `threshold` counts up, a lower one counts down, not below nothing; the word
    was heard when the count reaches `level`. After that nothing is heard, and nothing is counted,
    for `refractory` samples.
    """

    def __init__(self, threshold: float, level: int, refractory: int) -> None:
        self._threshold = threshold
        self._level = level
        self._refractory = refractory
        self._count = 0
        self._deaf_until = 0

    def heard(self, score: float, sample: int) -> bool:
        """Whether the word was heard, given its score (0 to 1) at `sample` of the stream."""
        if sample < self._deaf_until:
            return False
        if score < self._threshold:
            self._count = max(0, self._count - 1)
            return False
        self._count += 1
        if self._count < self._level:
            return False
        self._count = 0
        self._deaf_until = sample + self._refractory
        return True

    def forget(self) -> None:
        """Count from nothing again: sound was left out in which nothing was to be heard."""
        self._count = 0
