"""A bound on warnings that repeat, as strangers could fill the log with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TextIO

BURST = 30
"""Warnings from one place in the code that are logged in `WINDOW`; the others are counted."""
WINDOW = 60.0
"""Seconds."""

_Place = tuple[str, int]
"""A file of the program, and a line."""


class _Repeats:
    """What one place has logged since a time."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.logged = 0
        self.left_out = 0
        self.last: logging.LogRecord | None = None


class FloodLimit:
    """Decides which records are logged. There are as many places as lines that log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: dict[_Place, _Repeats] = {}

    def admits(self, record: logging.LogRecord) -> bool:
        """Count a record; return whether it is logged."""
        if record.levelno < logging.WARNING:
            return True
        repeats = self._places.setdefault((record.pathname, record.lineno), _Repeats(self._clock()))
        if repeats.logged < BURST:
            repeats.logged += 1
            return True
        repeats.left_out += 1
        repeats.last = record
        return False

    def summaries(self) -> Iterator[logging.LogRecord]:
        """Yield a record for each place whose time is over and from which some were left out."""
        now = self._clock()
        for place, repeats in list(self._places.items()):
            if now - repeats.since >= WINDOW:
                del self._places[place]
                if repeats.last is not None:
                    yield _summary(repeats.last, repeats.left_out)


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Writes the log, with repeated warnings up to a limit."""

    def __init__(self, stream: TextIO | None, limit: FloodLimit | None = None) -> None:
        super().__init__(stream)
        self._limit = limit or FloodLimit()

    def emit(self, record: logging.LogRecord) -> None:
        for summary in self._limit.summaries():
            super().emit(summary)
        if self._limit.admits(record):
            super().emit(record)


def _summary(last: logging.LogRecord, count: int) -> logging.LogRecord:
    """Return the record that stands for those left out, with the text of the last one."""
    text = f"{last.getMessage()} (and {count - 1} more like it, which are not logged)"
    return logging.LogRecord(last.name, last.levelno, last.pathname, last.lineno, text, None, None)
