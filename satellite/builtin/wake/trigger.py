"""The decision from scores to a wake word: threshold, trigger level and refractory time."""

from __future__ import annotations

from collections.abc import Callable

from satellite.values import SPEECH

NEAR_MISS = 0.5
"""Part of the threshold from which a score may be a near miss."""

AFTER = SPEECH.rate
"""Samples after such a score in which the word may still be detected: scores rise slowly."""


MOST_RISING = 3
"""Scores (0.24 s) that a detection waits for at most while they rise."""


class Trigger:
    """Decides for one word of one audio stream.

    A score of at least `threshold` counts up, a lower one counts down, to 0 at least. The word is
    detected when the count reaches `level`; then scores are ignored for `refractory` samples. With
    a score below `certain`, it is detected once the score no longer rises: a low threshold is
    reached before the word has ended.
    """

    def __init__(
        self,
        threshold: float,
        level: int,
        refractory: int,
        on_near_miss: Callable[[float], None] | None = None,
        adjust: Callable[[float], float] | None = None,
        certain: float = 0.0,
    ) -> None:
        """`on_near_miss` is called with the best score of a sound like the word that was not it;
        `adjust` returns the threshold that applies now."""
        self._usual = threshold
        self._adjust = adjust
        self._level = level
        self._refractory = refractory
        self._on_near_miss = on_near_miss
        self._count = 0
        self._ignore_until = 0
        self._certain = certain
        self._best = 0.0
        self._best_at = 0
        self._rising: int | None = None
        """Scores that a detection has waited for; None without one that waits."""
        self.score = 0.0
        """Highest score of the latest detection."""

    def detect(self, score: float, sample: int) -> bool:
        """Take the score (0 to 1) at a sample of the stream; return whether it detects the word."""
        if sample < self._ignore_until:
            return False
        if self._rising is not None:
            return self._rise(score, sample)
        self._follow(score, sample)
        if score < self._threshold:
            self._count = max(0, self._count - 1)
            return False
        self._count += 1
        if self._count < self._level:
            return False
        self.score = score
        if score < self._certain:
            self._rising = 0
            return False
        return self._detected(sample)

    def _rise(self, score: float, sample: int) -> bool:
        """Take the next score of a word that is detected already, and may go on."""
        assert self._rising is not None  # as `detect` has checked
        self._rising += 1
        rises = score > self.score
        self.score = max(score, self.score)
        if rises and score < self._certain and self._rising < MOST_RISING:
            return False
        return self._detected(sample)

    def _detected(self, sample: int) -> bool:
        self._count = 0
        self._best = 0.0
        self._rising = None
        self._ignore_until = sample + self._refractory
        return True

    @property
    def _threshold(self) -> float:
        return self._usual if self._adjust is None else self._adjust(self._usual)

    def reset(self) -> None:
        """Count from 0 again, before a gap in the stream."""
        self._count = 0
        self._rising = None
        self._report_near_miss()

    def pause(self) -> None:
        """Report a near miss now: no sound follows for the time being."""
        self._report_near_miss()

    def _follow(self, score: float, sample: int) -> None:
        if score >= NEAR_MISS * self._threshold:
            self._best, self._best_at = max(self._best, score), sample
        elif self._best and sample - self._best_at >= AFTER:
            self._report_near_miss()

    def _report_near_miss(self) -> None:
        if self._best and self._on_near_miss is not None:
            self._on_near_miss(self._best)
        self._best = 0.0
