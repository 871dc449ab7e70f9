"""The decision from scores to a wake word."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.builtin.wake.trigger import Trigger

HOP = 1280
SCORES = st.lists(st.sampled_from([0.0, 0.3, 0.49, 0.5, 0.7, 1.0]), max_size=80)
LEVELS = st.integers(1, 5)
REFRACTORIES = st.integers(0, 20).map(lambda hops: hops * HOP)


def fired(scores: list[float], level: int = 1, refractory: int = 0) -> list[int]:
    """Return the hops in which a trigger of threshold 0.5 detects the word."""
    trigger = Trigger(0.5, level, refractory)
    return [hop for hop, score in enumerate(scores) if trigger.detect(score, (hop + 1) * HOP)]


@given(SCORES)
def test_level_one_without_refractory_time_is_the_threshold(scores: list[float]) -> None:
    assert fired(scores) == [hop for hop, score in enumerate(scores) if score >= 0.5]


@pytest.mark.parametrize(
    ("scores", "hop", "score"),
    [
        ([0.1, 0.3, 0.9, 0.2], 2, 0.9),  # certain
        ([0.1, 0.3, 0.25, 0.2], 2, 0.3),  # rises no more
        ([0.1, 0.12, 0.13, 0.14, 0.15, 0.16], 3, 0.14),  # has risen long enough
        ([0.6, 0.9], 0, 0.6),
        ([0.2, 0.0], 1, 0.2),
    ],
)
def test_an_uncertain_score_is_awaited_while_it_rises(
    scores: list[float], hop: int, score: float
) -> None:
    trigger = Trigger(0.1, 1, 100 * HOP, certain=0.5)
    found = [at for at, each in enumerate(scores) if trigger.detect(each, (at + 1) * HOP)]
    assert (found, trigger.score) == ([hop], score)


def test_an_awaited_word_is_lost_in_a_gap() -> None:
    trigger = Trigger(0.1, 1, 0, certain=0.5)
    assert not trigger.detect(0.2, HOP)
    trigger.reset()
    assert not trigger.detect(0.05, 100 * HOP)


@given(SCORES, LEVELS, REFRACTORIES)
def test_no_detection_follows_within_the_refractory_time(
    scores: list[float], level: int, refractory: int
) -> None:
    hops = fired(scores, level, refractory)
    assert all((b - a) * HOP >= refractory for a, b in itertools.pairwise(hops))


@given(SCORES, LEVELS, REFRACTORIES)
def test_each_detection_needs_as_many_scores_as_the_level(
    scores: list[float], level: int, refractory: int
) -> None:
    hops = fired(scores, level, refractory)
    assert all(scores[hop] >= 0.5 for hop in hops)
    for before, hop in zip([-1, *hops], hops, strict=False):
        assert sum(score >= 0.5 for score in scores[before + 1 : hop + 1]) >= level


@given(SCORES, LEVELS)
def test_a_row_of_high_scores_is_always_detected(scores: list[float], level: int) -> None:
    hops = fired([*scores, *[0.9] * level], level)
    assert any(hop >= len(scores) for hop in hops)


@pytest.mark.parametrize(
    ("scores", "hops"),
    [
        ([0.9, 0.9, 0.9], [2]),
        ([0.9, 0.9, 0.1, 0.9, 0.9], [4]),
        ([0.9, 0.1, 0.1, 0.1, 0.9, 0.9], []),
        ([0.9] * 6, [2, 5]),
    ],
)
def test_low_scores_count_down(scores: list[float], hops: list[int]) -> None:
    assert fired(scores, level=3) == hops


def near_misses(scores: list[float]) -> list[float]:
    """Return the near misses of a trigger of threshold 0.5."""
    found: list[float] = []
    trigger = Trigger(0.5, 1, 25 * HOP, found.append)
    for hop, score in enumerate(scores):
        trigger.detect(score, (hop + 1) * HOP)
    return found


def test_a_score_below_the_threshold_is_a_near_miss_unless_the_word_follows() -> None:
    quiet = [0.0] * 14
    assert near_misses([*quiet, 0.3, 0.45, 0.3, *quiet]) == [0.45]
    assert near_misses([*quiet, 0.3, 0.1, 0.4, *quiet]) == [0.4]
    assert near_misses([*quiet, 0.3, 0.4, 0.9, 0.4, *quiet * 3]) == []
    assert near_misses([*quiet, 0.2, *quiet]) == []
    assert near_misses([*quiet, 0.3, *quiet, 0.3, *quiet]) == [0.3, 0.3]
