"""A server that has failed is left alone for a while, then tried by one call alone."""

from __future__ import annotations

import pytest

from satellite.engines.circuit_breaker import (
    BUSY,
    FORGOTTEN,
    GONE,
    LONGEST,
    SICK,
    CircuitBreaker,
    State,
)
from satellite.errors import EngineBusy, EngineFailed, EngineTimeout, PeerClosed, PeerUnreachable


def made() -> CircuitBreaker:
    return CircuitBreaker(lambda: 0.5)


def test_a_failure_opens_it_and_time_lets_one_call_try() -> None:
    breaker = made()
    assert breaker.state(0.0) is State.CLOSED
    assert breaker.failed(PeerClosed("gone"), 10.0)
    assert breaker.state(10.0 + GONE - 0.1) is State.OPEN
    assert breaker.remaining(10.0) == GONE
    assert breaker.state(10.0 + GONE) is State.HALF_OPEN
    breaker.asked()
    assert breaker.state(10.0 + GONE) is State.OPEN, "one call is enough to find out"
    breaker.left()
    assert breaker.state(10.0 + GONE) is State.HALF_OPEN, "that call was cancelled"
    breaker.succeeded()
    assert breaker.state(10.0 + GONE) is State.CLOSED


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (PeerUnreachable("gone"), GONE),
        (PeerClosed("gone"), GONE),
        (EngineTimeout("hangs"), GONE),
        (EngineFailed("no voice"), SICK),
        (EngineBusy("full"), BUSY),
    ],
)
def test_how_long_depends_on_what_was_wrong(error: Exception, wait: float) -> None:
    breaker = made()
    breaker.failed(error, 0.0)
    assert breaker.remaining(0.0) == wait


def test_the_wait_grows_to_a_limit_and_only_the_first_failure_is_news() -> None:
    breaker, waits, news = made(), [], []
    for _ in range(6):
        news.append(breaker.failed(EngineFailed("no voice"), 0.0))
        waits.append(breaker.remaining(0.0))
    assert waits == [SICK, 4 * SICK, 16 * SICK, LONGEST, LONGEST, LONGEST]
    assert news == [True, False, False, False, False, False]


def test_being_busy_is_no_failure() -> None:
    breaker = made()
    for _ in range(5):
        breaker.failed(EngineBusy("full"), 0.0)
    assert breaker.remaining(0.0) == BUSY


def test_satellites_do_not_come_back_as_one() -> None:
    waits = []
    for chance in (0.0, 0.5, 1.0):
        breaker = CircuitBreaker(lambda chance=chance: chance)  # type: ignore[misc]
        breaker.failed(PeerClosed("gone"), 0.0)
        waits.append(breaker.remaining(0.0))
    assert waits == pytest.approx([0.8 * GONE, GONE, 1.2 * GONE])
    assert max(waits) < 5.0, "a restart that nobody has seen is over within five seconds"


def test_one_that_came_back_is_tried_at_once_unless_it_fails_again_and_again() -> None:
    breaker = made()
    breaker.failed(EngineTimeout("hangs"), 10.0)
    assert breaker.state(11.0, since=9.0) is State.OPEN, "it was there all the time"
    assert breaker.state(11.0, since=10.5) is State.HALF_OPEN
    breaker.failed(EngineTimeout("hangs"), 11.0)
    breaker.failed(EngineTimeout("hangs"), 12.0)
    assert breaker.state(13.0, since=12.5) is State.OPEN


def test_what_was_long_ago_does_not_count() -> None:
    breaker = made()
    for _ in range(5):
        breaker.failed(PeerClosed("gone"), 0.0)
    breaker.failed(PeerClosed("gone"), FORGOTTEN + 1)
    assert breaker.remaining(FORGOTTEN + 1) == GONE
