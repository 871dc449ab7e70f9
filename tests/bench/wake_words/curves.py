"""Recall and false wakes by threshold, read from score tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.two_stage import EARLY, LATE
from tests.bench.wake_words.streams import Utterance
from tests.bench.wake_words.tracks import Track
from tests.support.acoustics import RATE

REFRACTORY = 2 * RATE
"""Samples after a detection in which all engines ignore the word by default."""
LATEST = round(1.2 * RATE)
"""Samples after the end of a word in which its detection counts."""

Decide = Callable[[Sequence[Track], float], list[int]]
"""Returns the samples of the detections, from the tracks of a stream and a threshold."""


class Curve(msgspec.Struct, frozen=True):
    """Recall and false wakes of one engine and word."""

    engine: str
    word: str
    thresholds: tuple[float, ...]
    recall: dict[str, tuple[float, ...]]
    """By place; for each threshold."""
    false_wakes: tuple[float, ...]
    """Per hour of speech; for each threshold."""
    phrases: tuple[int, ...]
    """Phrases that sound like the word and were taken for it; for each threshold."""

    def at(self, threshold: float) -> int:
        """Return the number of the nearest threshold."""
        return int(np.argmin(np.abs(np.array(self.thresholds) - threshold)))

    def limited(self, most: float) -> int:
        """Return the number of the lowest threshold with at most so many false wakes an hour."""
        fine = [number for number, rate in enumerate(self.false_wakes) if rate <= most]
        return min(fine, default=len(self.thresholds) - 1)


def single(tracks: Sequence[Track], threshold: float) -> list[int]:
    """Decide by the scores of one detector."""
    (track,) = tracks
    return _apart(track.samples[track.scores >= threshold])


def two_stages(sign: float) -> Decide:
    """Return the decision of `two-stage`: openWakeWord's score confirms microWakeWord's `sign`."""

    def decide(tracks: Sequence[Track], threshold: float) -> list[int]:
        confirming, proposing = tracks
        proposed = proposing.samples[proposing.scores >= sign]
        found = confirming.samples[confirming.scores >= threshold]
        if not len(proposed):
            return []
        next_ = np.searchsorted(proposed, found)
        before = found - proposed[np.maximum(next_ - 1, 0)]
        after = proposed[np.minimum(next_, len(proposed) - 1)] - found
        near = ((before >= 0) & (before <= LATE)) | ((after >= 0) & (after <= EARLY))
        return _apart(found[near])

    return decide


def heard(utterances: Sequence[Utterance], detections: Sequence[int]) -> list[bool]:
    """Return for each utterance whether it was detected."""
    at = np.array(detections)
    return [bool(((at > each.begin) & (at <= each.end + LATEST)).any()) for each in utterances]


def _apart(samples: npt.NDArray[np.int64]) -> list[int]:
    found: list[int] = []
    for sample in samples.tolist():
        if not found or sample - found[-1] >= REFRACTORY:
            found.append(sample)
    return found
