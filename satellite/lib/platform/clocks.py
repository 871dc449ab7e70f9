"""Clocks that cannot be set, one that can, and the time zone."""

from __future__ import annotations

import sys
import time
from functools import cache
from pathlib import Path

BEGINNING = 1735689600.0
"""Unix time of 2025-01-01: a wall clock with an earlier time was never set."""

_SESSION = Path("/proc/sys/kernel/random/boot_id")


def seconds_since_boot() -> float:
    """Return the seconds since the machine has started, suspension included where the system has
    such a clock: Linux (CLOCK_BOOTTIME, clock_gettime(2)), macOS and Windows (their monotonic
    clocks, `time.monotonic`)."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        # mach_continuous_time by its POSIX name: the other clock stands still during sleep
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


@cache
def boot_session() -> str:
    """Return a value that is different after each start of the machine; empty where the system has
    none (Linux: random(4)). Reads a line the first time."""
    try:
        return _SESSION.read_text().strip()
    except OSError:
        return ""


def reread_time_zone() -> None:
    """Take over a time zone that was changed since this process started. Windows does it itself."""
    if sys.platform != "win32":
        time.tzset()
