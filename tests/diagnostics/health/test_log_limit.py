"""The log tells so much and no more, and says what it did not tell."""

from __future__ import annotations

import logging

import pytest

from satellite.diagnostics.health.log_limit import BURST, LogLimit, limited_log

LINES = 60
"""A minute: one a second."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(text: str = "again", level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("talkative", level, "", 0, text, None, None)


def test_a_burst_is_told_and_then_the_usual_rate() -> None:
    clock = Clock()
    moderator = LogLimit(LINES, [].append, clock)
    told = sum(moderator.filter(record()) for _ in range(10_000))
    assert told == LINES * BURST
    for _ in range(600):
        clock.now += 1.0
        told += sum(moderator.filter(record()) for _ in range(10))
    assert told == LINES * BURST + 600


def test_what_was_left_out_is_said() -> None:
    clock, told = Clock(), list[logging.LogRecord]()
    moderator = LogLimit(LINES, told.append, clock)
    while moderator.filter(record()):
        pass
    for _ in range(9):
        moderator.filter(record())
    assert told == []
    clock.now += 1.0
    assert moderator.filter(record("at last"))
    clock.now += 1.0
    assert moderator.filter(record("then"))
    (line,) = told
    assert line.getMessage() == "10 lines were left out: more than health.log allows"


def test_errors_are_told_when_the_rest_is_not() -> None:
    moderator = LogLimit(LINES, [].append, Clock())
    while moderator.filter(record()):
        pass
    assert moderator.filter(record(level=logging.ERROR))
    assert not moderator.filter(record())
    errors = sum(moderator.filter(record(level=logging.ERROR)) for _ in range(10_000))
    assert errors < LINES * BURST


def test_it_holds_in_its_block_alone(caplog: pytest.LogCaptureFixture) -> None:
    log, root = logging.getLogger("talkative"), logging.getLogger()
    before = [len(handler.filters) for handler in root.handlers]
    with limited_log(1):
        for number in range(100):
            log.warning("line %d", number)
        assert len(caplog.messages) == BURST
    with limited_log(0):
        log.warning("unbounded")
    assert caplog.messages[-1] == "unbounded"
    assert [len(handler.filters) for handler in root.handlers] == before
