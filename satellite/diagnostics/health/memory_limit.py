"""The memory of this process, and its limit: better an end of its own than the kernel's choice."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
from pathlib import Path

from satellite.errors import MemoryFull

_LOGGER = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two looks: what grows faster is stopped by the service's own limit."""

PATIENCE = 12
"""Looks at most until what starting has left is given back: models are loaded within a minute."""

_M_ARENA_MAX = -8
"""Parameter of glibc's `mallopt`, from <malloc.h>."""

_ARENAS = 2
"""One for the event loop, and one for all others."""

SHARE = 0.75
"""Of the machine's memory, or the container's: what is usual, and the rest is the system's."""

_NEAR = 0.9
"""Of the limit, from which on the log says so."""

_CONTAINER = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where a container's limit is told, by version 2 and 1 of control groups (cgroups(7))."""

MB = 1_000_000


def used() -> int:
    """Bytes of memory that this process occupies now (resident, proc_pid_statm(5)).

    Raises `OSError` where there is no /proc."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def usual() -> int:
    """Bytes that hold as limit where none is set."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(SHARE * min([machine, *_cgroup_limits()]))


def _cgroup_limits() -> list[int]:
    texts = [path.read_text().strip() for path in _CONTAINER if path.exists()]
    return [int(text) for text in texts if text.isdecimal() and int(text) > 0]


def share_arenas() -> None:
    """Have threads that begin from now on share what the C library allocates from.

    glibc gives each of its first threads (eight for a core) its own, and the holes in them add up;
    ours seldom allocate at once.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give memory that was freed back to the system, which glibc does not do by itself.

    Takes milliseconds, up to some tens of them where there is much.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)


async def tidy() -> None:
    """Give back what starting has left, once: as soon as the memory stays as it is."""
    before = 0
    try:
        for _ in range(PATIENCE):
            await asyncio.sleep(EVERY)
            if abs(used() - before) < MB:
                break
            before = used()
    except OSError as error:
        _LOGGER.debug("memory cannot be watched here: %s", error)
    give_back()


async def watch(limit: int) -> None:
    """Look at this process's memory until cancelled. Raises `MemoryFull` above `limit` bytes."""
    near = False
    while True:
        try:
            now = used()
        except OSError as error:
            _LOGGER.debug("memory cannot be watched here: %s", error)
            return
        if now > limit:
            raise MemoryFull(
                f"this process uses {now // MB} MB of memory, more than the {limit // MB} MB that "
                "it may; it ends, to be started again (health.memory sets the limit)"
            )
        if now > _NEAR * limit and not near:
            _LOGGER.warning("%d MB of memory in use, of %d MB", now // MB, limit // MB)
        near = now > _NEAR * limit
        await asyncio.sleep(EVERY)
