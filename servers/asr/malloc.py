"""The C library's policy for memory that models free: hold it for more work or return it."""

from __future__ import annotations

import logging

from satellite.lib.platform.memory import give_back, set_policy

__all__ = ["give_back", "keep_buffers"]

_LOGGER = logging.getLogger(__name__)

_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""Parameters of glibc's `mallopt`, from <malloc.h>."""

MMAP_THRESHOLD = 1 << 30
"""Bytes, more than any buffer of one window, such as attention over 30 s (54 MB with Whisper tiny,
180 MB with large)."""
TRIM_THRESHOLD = 512 << 20
"""Bytes of free memory beyond which the C library returns memory to the system. Two windows of
Whisper tiny at once leave 300 MB."""
_TOP_PAD = 64 << 20
"""Bytes: the amount that glibc maps at once for a thread that does not share the first arena. With
this much spare, none of it is unmapped."""


def keep_buffers() -> None:
    """Make the process hold the memory of large buffers for the next ones.

    By default glibc returns each buffer as it is freed, so that every window's buffers are mapped
    and cleared again: with Whisper base on one thread, 12 windows encoded and 18 texts decoded
    took 20.7 s of CPU and 1.7 million page faults on a virtual machine, and 15.0 s and 21,000 with
    this (means of two runs). The peak was the same, 395 MB. Holding buffers costs up to
    `TRIM_THRESHOLD` bytes of memory, until `give_back`. Call it after loading, as it would hold
    what only loading needs, too: 150 MB. Threads started later share one arena, so that any thread
    can use the memory of the last window. Other C libraries keep their own policy.
    """
    changed = set_policy(
        (_M_MMAP_THRESHOLD, MMAP_THRESHOLD),
        (_M_TRIM_THRESHOLD, TRIM_THRESHOLD),
        (_M_TOP_PAD, _TOP_PAD),
        (_M_ARENA_MAX, 1),
    )
    if not changed:
        _LOGGER.debug("This C library has no mallopt")
