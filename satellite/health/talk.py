"""A limit for how much the log is told: what repeats itself must not fill a card or a journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

BURST = 5.0
"""Minutes' worth of lines that may come at once: a start, a traceback, a network that went away."""


class Moderator(logging.Filter):
    """Lets so many lines a minute through in the long run; says how many it left out.

    Errors pass, within twice the limit: they are what is looked for.
    """

    def __init__(self, lines: int, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._rate = lines / 60
        self._most = lines * BURST
        self._left = self._most
        self._clock = clock
        self._since = clock()
        self.left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is told; a line after silence says first what was left out."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * self._rate)
        self._since = now
        spare = self._most if record.levelno >= logging.ERROR else 0.0
        if self._left + spare < 1:
            self.left_out += 1
            return False
        self._left -= 1
        if self.left_out:
            count, self.left_out = self.left_out, 0
            record.msg = f"({count} lines left out: more than health.log a minute) {record.msg}"
        return True


@contextmanager
def moderated(lines: int) -> Iterator[None]:
    """Hold every handler of the log to so many lines a minute in this block; 0 is no limit."""
    if not lines:
        yield
        return
    moderator = Moderator(lines)
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(moderator)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(moderator)
