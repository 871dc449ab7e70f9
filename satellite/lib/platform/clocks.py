"""Clocks that cannot be set, and the time zone."""

from __future__ import annotations

import sys
import time


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


def reread_time_zone() -> None:
    """Take over a time zone that was changed since this process started. Windows does it itself."""
    if sys.platform != "win32":
        time.tzset()
