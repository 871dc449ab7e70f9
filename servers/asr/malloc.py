"""The C library's policy for memory that models free: hold it for more work or return it."""

from __future__ import annotations

import logging

from satellite.lib.platform.memory import give_back, set_policy

__all__ = ["give_back", "keep_buffers"]

_LOGGER = logging.getLogger(__name__)

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""Parameters of glibc's `mallopt`, from <malloc.h>."""

MMAP_THRESHOLD = 1 << 30
"""Bytes, more than any buffer of one window, such as attention over 30 s (54 MB with Whisper tiny,
180 MB with large)."""
TRIM_THRESHOLD = 512 << 20
"""Bytes of free memory beyond which the C library returns memory to the system. Two windows of
Whisper tiny at once leave 300 MB."""


def keep_buffers() -> None:
    """Make the process hold the memory of large buffers for the next ones.

    By default glibc returns each buffer as it is freed, so that every window's buffers are mapped
    and cleared again: with Whisper base on one thread, 12 windows encoded and 18 texts decoded
    took 20.7 s of CPU and 1.7 million page faults on a virtual machine, and 15.0 s and 21,000 with
    this (means of two runs). The peak was the same, 395 MB. Holding buffers costs up to
    `TRIM_THRESHOLD` bytes of memory, until `give_back`. Call it after loading, as it would hold
    what only loading needs, too: 150 MB. Other C libraries keep their own policy.

    It works only in the first arena: others consist of parts of 64 MB, and larger buffers are
    mapped each time. Threads started later use that arena; those of the model start while it is
    loaded, after `satellite.diagnostics.health.memory_limit.share_arenas`. With the model's thread
    in a second arena, each utterance took 107,000 page faults and the peak was 426 MB; in the
    first, 460 and 318 MB (Whisper base in int8, one worker, four clients).
    """
    changed = set_policy(
        (_M_MMAP_THRESHOLD, MMAP_THRESHOLD),
        (_M_TRIM_THRESHOLD, TRIM_THRESHOLD),
        (_M_ARENA_MAX, 1),
    )
    if not changed:
        _LOGGER.debug("This C library has no mallopt")
