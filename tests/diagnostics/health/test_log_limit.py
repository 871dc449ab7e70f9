"""The log is limited, and reports the number of dropped lines."""

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


def test_a_burst_passes_and_then_the_usual_rate() -> None:
    clock = Clock()
    limit = LogLimit(LINES, [].append, clock)
    passed = sum(limit.filter(record()) for _ in range(10_000))
    assert passed == LINES * BURST
    for _ in range(600):
        clock.now += 1.0
        passed += sum(limit.filter(record()) for _ in range(10))
    assert passed == LINES * BURST + 600


def test_the_number_of_dropped_lines_is_logged() -> None:
    clock, logged = Clock(), list[logging.LogRecord]()
    limit = LogLimit(LINES, logged.append, clock)
    while limit.filter(record()):
        pass
    for _ in range(9):
        limit.filter(record())
    assert logged == []
    clock.now += 1.0
    assert limit.filter(record("at last"))
    clock.now += 1.0
    assert limit.filter(record("then"))
    (line,) = logged
    assert line.getMessage() == "10 lines were dropped from the log (health.log sets the limit)"


def test_errors_pass_when_other_lines_do_not() -> None:
    limit = LogLimit(LINES, [].append, Clock())
    while limit.filter(record()):
        pass
    assert limit.filter(record(level=logging.ERROR))
    assert not limit.filter(record())
    errors = sum(limit.filter(record(level=logging.ERROR)) for _ in range(10_000))
    assert errors < LINES * BURST


def test_the_limit_ends_with_its_block(caplog: pytest.LogCaptureFixture) -> None:
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
