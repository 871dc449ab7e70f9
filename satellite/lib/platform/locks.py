"""Locks on files that hold between processes, and end with the process that has them."""

from __future__ import annotations

import sys
import time

_AGAIN = 0.02
"""Seconds between two tries: no system waits for a lock and for a time together."""


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process alone until it is closed; return whether that worked."""
    if sys.platform == "win32":
        import msvcrt  # exists there alone

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # exists elsewhere alone

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(descriptor: int, seconds: float) -> bool:
    """Lock an open file, waiting for other processes this long; return whether that worked."""
    deadline = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_AGAIN)
    return True
