"""Locks on files that hold between processes, and end with the process that has them."""

from __future__ import annotations

import sys
import time

_AGAIN = 0.05
"""Seconds between two tries where the system cannot wait for a lock."""


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


def lock(descriptor: int) -> None:
    """Lock an open file, waiting until no other process has it locked."""
    if sys.platform == "win32":
        while not try_lock(descriptor):
            time.sleep(_AGAIN)
        return
    import fcntl  # exists elsewhere alone

    fcntl.flock(descriptor, fcntl.LOCK_EX)
