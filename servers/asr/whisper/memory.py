"""How the C library treats the large buffers of an encoder."""

from __future__ import annotations

import ctypes
import logging

_LOGGER = logging.getLogger(__name__)

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
"""Parameters of glibc's `mallopt`, from <malloc.h>."""

LARGEST = 1 << 30
"""Bytes: larger buffers than any of one window, such as attention over 30 s (54 MB with Whisper
tiny, 180 MB with large)."""
KEPT = 256 << 20
"""Bytes: free memory past this goes back to the system."""


def keep_buffers() -> None:
    """Let the process keep the memory of large buffers for the next ones.

    glibc gives each back as it is freed, so that every window's buffers are mapped and cleared
    anew: 52,000 page faults and an eighth of the time for a window of Whisper tiny, as measured. It
    costs up to `KEPT` bytes of memory. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl has none; Windows has no such library
        _LOGGER.debug("This C library has no mallopt")
        return
    mallopt(_M_MMAP_THRESHOLD, LARGEST)
    mallopt(_M_TRIM_THRESHOLD, KEPT)
