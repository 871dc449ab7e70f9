"""The log of the program: on standard error, a line for each message."""

from __future__ import annotations

import logging
import os
import sys

from satellite.cli.log_flood import LimitedHandler
from satellite.cli.screen import columns, wrapped
from satellite.text.printable import printable_lines
from satellite.text.redact import masked

LEVELS = ("debug", "info", "warning", "error")

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Levels and their syslog priorities (sd-daemon(3)); everything below them is 7."""

_TALKATIVE = {"httpx": logging.WARNING, "httpx2": logging.WARNING, "zeroconf": logging.ERROR}
"""Libraries that log everyday events, such as every request or an interface that is down, and the
level from which their messages count. huggingface-hub uses httpx or httpx2, by its version."""

_TIME = "%H:%M:%S"

LEVEL = "%(levelname)-7s"

INDENT = " " * len("00:00:00 WARNING ")
"""Goes before the later lines of a message at a terminal."""

LONGEST = 2000
"""Characters of a line: a long message has 500."""

LINES = 200
"""Lines of a message with its traceback."""

MORE = "    "
"""Goes before the later lines of a message, so that none can be taken for another one."""


class MaskedFormatter(logging.Formatter):
    """Lines without passwords and tokens, nor what a terminal would obey; libraries' included.

    Texts of other machines reach the log at many places, also in the errors of tracebacks.
    """

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(masked(super().format(record)), LONGEST, LINES, MORE)


class JournalFormatter(MaskedFormatter):
    """Lines for the journal, which adds time and program itself and reads the priority."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next((p for level, p in _PRIORITIES if record.levelno >= level), 7)
        text = super().format(record)
        return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


class TerminalFormatter(MaskedFormatter):
    """Short lines, broken between words: time, level, message."""

    def __init__(self) -> None:
        super().__init__(f"%(asctime)s {LEVEL} %(message)s", datefmt=_TIME)

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")  # a traceback stays as it is
        return "\n".join([wrapped(first, columns(sys.stderr), later=INDENT), *more])


class _LeastLevel(logging.Filter):
    """Drops the messages of a part of the program below a level."""

    def __init__(self, name: str, level: int) -> None:
        super().__init__(name)
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level or not super().filter(record)


def start(level: str) -> None:
    """Log to standard error from `level` (one of `LEVELS`) on.

    The module of each message is logged too, but at a terminal only with `debug`.
    """
    handler = (logging.StreamHandler if level == "debug" else LimitedHandler)(sys.stderr)
    if in_journal():
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    elif sys.stderr.isatty() and level != "debug":
        handler.setFormatter(TerminalFormatter())
    else:
        line = f"%(asctime)s {LEVEL} %(name)s: %(message)s"
        handler.setFormatter(MaskedFormatter(line, datefmt=_TIME))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else least)


def quieten(name: str, level: int = logging.WARNING) -> None:
    """Log a part of the program only from `level` on, unless all is logged.

    For commands whose output reports the same as that part's log.
    """
    if logging.getLogger().level > logging.DEBUG:
        for handler in logging.getLogger().handlers:
            handler.addFilter(_LeastLevel(name, level))


def in_journal() -> bool:
    """Return whether standard error goes to systemd's journal.

    See `$JOURNAL_STREAM` in systemd.exec(5).
    """
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # standard error is closed, or no file
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))
