"""A limit for the log: repeated messages must not fill a card or a journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

BURST = 5.0
"""Minutes' worth of lines allowed at once: a start, a traceback, a lost network."""


class LogLimit(logging.Filter):
    """Passes a number of lines per minute in the long run, and logs how many it dropped.

    Errors pass within twice the limit, as readers of a log look for them.
    """

    def __init__(
        self,
        lines: int,
        emit: Callable[[logging.LogRecord], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Pass `lines` per minute; `emit` logs the filter's own lines."""
        super().__init__()
        self._rate = lines / 60
        self._most = lines * BURST
        self._left = self._most
        self._emit = emit
        self._clock = clock
        self._since = clock()
        self._dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log the line; first log the number of lines dropped before it."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * self._rate)
        self._since = now
        spare = self._most if record.levelno >= logging.ERROR else 0.0
        if self._left + spare < 1:
            self._dropped += 1
            return False
        self._left -= 1
        if self._dropped:
            count, self._dropped = self._dropped, 0
            lines = "line was" if count == 1 else "lines were"
            text = "%d %s dropped from the log (health.log sets the limit)"
            self._emit(
                logging.LogRecord(
                    __name__, logging.WARNING, __file__, 0, text, (count, lines), None
                )
            )
        return True


@contextmanager
def limited_log(lines: int) -> Iterator[None]:
    """Limit every handler of the log to `lines` per minute during this block; 0 for no limit."""
    handlers = list(logging.getLogger().handlers) if lines else []
    limits = [LogLimit(lines, handler.emit) for handler in handlers]
    for handler, limit in zip(handlers, limits, strict=True):
        handler.addFilter(limit)
    try:
        yield
    finally:
        for handler, limit in zip(handlers, limits, strict=True):
            handler.removeFilter(limit)
