"""What the program tells of itself while it runs: on standard error, one line each."""

from __future__ import annotations

import logging
import os
import sys

from satellite.text.redact import masked

LEVELS = ("debug", "info", "warning", "error")

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Levels and their syslog priorities (sd-daemon(3)); everything below them is 7."""


_TALKATIVE = {"httpx": logging.WARNING, "zeroconf": logging.ERROR}
"""Libraries that tell everyday matters, such as every request, or an interface that is down, and
from which level on they are heard."""


class Discreet(logging.Formatter):
    """Lines without passwords and tokens, those of libraries included."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class JournalFormatter(Discreet):
    """Lines for the journal, which adds time and program itself and reads the priority."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next((p for level, p in _PRIORITIES if record.levelno >= level), 7)
        text = super().format(record)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def start(level: str) -> None:
    """Log to standard error from `level` (one of `LEVELS`) on."""
    handler = logging.StreamHandler(sys.stderr)
    if in_journal():
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        line = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        handler.setFormatter(Discreet(line, datefmt="%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else least)


def in_journal() -> bool:
    """Whether standard error goes to systemd's journal (systemd.exec(5), `$JOURNAL_STREAM`)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # standard error is closed, or no file
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))
