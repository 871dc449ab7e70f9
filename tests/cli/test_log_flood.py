"""Warnings that a stranger can cause at will do not fill the log."""

from __future__ import annotations

import io
import logging
from logging import INFO, WARNING

import pytest

from satellite.cli.log_flood import BURST, WINDOW, FloodLimit, LimitedHandler


class Log:
    """A limited log, and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self._stream = io.StringIO()
        self._handler = LimitedHandler(self._stream, FloodLimit(lambda: self.now))

    def write(self, level: int, line: int, text: str, *values: object) -> None:
        """Log a text from a line of the program."""
        self._handler.handle(
            logging.LogRecord("satellite.door", level, "door.py", line, text, values, None)
        )

    def lines(self) -> list[str]:
        """Return what was written since the last call."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text.splitlines()


@pytest.mark.parametrize("level", [WARNING, logging.ERROR])
def test_a_warning_that_repeats_is_counted(level: int) -> None:
    log = Log()
    for number in range(500):
        log.write(level, 1, "dropped a peer: %d", number)
    log.write(level, 2, "another one")
    assert log.lines() == [*(f"dropped a peer: {n}" for n in range(BURST)), "another one"]
    log.now += WINDOW
    log.write(INFO, 3, "well")
    assert log.lines() == [
        f"dropped a peer: 499 (and {500 - BURST - 1} more like it, which are not logged)",
        "well",
    ]
    log.now += WINDOW
    log.write(INFO, 3, "well")
    assert log.lines() == ["well"]


def test_what_is_no_warning_or_is_rare_is_logged() -> None:
    log = Log()
    for number in range(4 * BURST):
        log.write(INFO, 1, "a request: %d", number)
        log.write(WARNING, 2, "it is hot: %d", number)
        log.now += WINDOW / BURST + 0.01
    assert len(log.lines()) == 8 * BURST
