"""What the C library does with memory that models free: keeps it for more work or gives it back."""

from __future__ import annotations

import ctypes
import logging

from satellite.diagnostics.health.memory_limit import give_back

__all__ = ["give_back", "keep_buffers"]

_LOGGER = logging.getLogger(__name__)

_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""Parameters of glibc's `mallopt`, from <malloc.h>."""

LARGEST = 1 << 30
"""Bytes: larger buffers than any of one window, such as attention over 30 s (54 MB with Whisper
tiny, 180 MB with large)."""
KEPT = 512 << 20
"""Bytes: free memory past this goes back to the system. Two windows of Whisper tiny at once leave
300 MB."""
_HEAP = 64 << 20
"""Bytes: what glibc maps at once for a thread that does not share the first arena. With as much to
spare, none of it is unmapped."""


def keep_buffers() -> None:
    """Let the process keep the memory of large buffers for the next ones.

    glibc gives each back as it is freed, so that every window's buffers are mapped and cleared
    anew: 52,000 page faults and an eighth of the time for a window of Whisper tiny, as measured. It
    costs up to `KEPT` bytes of memory, until `give_back`. Threads that come later share one arena,
    so that what one window leaves is there for the next, whichever thread has it. Other C libraries
    are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl has none; Windows has no such library
        _LOGGER.debug("This C library has no mallopt")
        return
    mallopt(_M_MMAP_THRESHOLD, LARGEST)
    mallopt(_M_TRIM_THRESHOLD, KEPT)
    mallopt(_M_TOP_PAD, _HEAP)
    mallopt(_M_ARENA_MAX, 1)
