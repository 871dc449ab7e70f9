"""The latest messages of the log, in memory."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from satellite.text.printable import printable_lines
from satellite.text.redact import masked

MOST = 300
"""Messages: a quiet day, or the minutes before something failed."""

_LONGEST = 500
"""Characters of a line."""

_LINES = 20
"""Lines of a message with its traceback; those in the middle are left out."""


class LogMessage(msgspec.Struct, frozen=True):
    """A message of the log."""

    time: float
    """Unix time in seconds."""
    level: str
    """As `debug`, `info`, `warning`, `error`, `critical`."""
    about: str
    """The part of the program that logged it."""
    text: str
    """Without secrets, nor what a terminal would obey."""


class LatestMessages(logging.Handler):
    """Holds the latest messages as text: a record would hold its arguments, and the stack."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: deque[tuple[int, LogMessage]] = deque(maxlen=MOST)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = printable_lines(masked(self.format(record)), _LONGEST, _LINES)
        except Exception:  # as every handler of `logging`: arguments may not fit their message
            self.handleError(record)
            return
        level = record.levelname.lower()
        message = LogMessage(time=record.created, level=level, about=record.name, text=text)
        self._messages.append((record.levelno, message))

    def latest(self, count: int, level: int = logging.NOTSET) -> Sequence[LogMessage]:
        """Return the latest messages of at least a level of `logging`, newest first."""
        self.acquire()
        try:
            found = tuple(self._messages)
        finally:
            self.release()
        chosen = [message for of_level, message in reversed(found) if of_level >= level]
        return chosen[:count]

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Hold what is logged meanwhile."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)
