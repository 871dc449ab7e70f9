"""A limit for how much the log is told: what repeats itself must not fill a card or a journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

BURST = 5.0
"""Minutes' worth of lines that may come at once: a start, a traceback, a network that went away."""


class LogLimit(logging.Filter):
    """Lets so many lines a minute through in the long run; says how many it left out.

    Errors pass within twice the limit: they are what is looked for.
    """

    def __init__(
        self,
        lines: int,
        tell: Callable[[logging.LogRecord], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`tell` is told a line of the moderator's own."""
        super().__init__()
        self._rate = lines / 60
        self._most = lines * BURST
        self._left = self._most
        self._tell = tell
        self._clock = clock
        self._since = clock()
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is told; before a line after silence, what was left out is."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * self._rate)
        self._since = now
        spare = self._most if record.levelno >= logging.ERROR else 0.0
        if self._left + spare < 1:
            self._left_out += 1
            return False
        self._left -= 1
        if self._left_out:
            count, self._left_out = self._left_out, 0
            text = "%d lines were left out: more than health.log allows"
            self._tell(
                logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (count,), None)
            )
        return True


@contextmanager
def limited_log(lines: int) -> Iterator[None]:
    """Hold every handler of the log to so many lines a minute in this block; 0 is no limit."""
    handlers = list(logging.getLogger().handlers) if lines else []
    moderators = [LogLimit(lines, handler.emit) for handler in handlers]
    for handler, moderator in zip(handlers, moderators, strict=True):
        handler.addFilter(moderator)
    try:
        yield
    finally:
        for handler, moderator in zip(handlers, moderators, strict=True):
            handler.removeFilter(moderator)
