"""The memory of this process, and its limit: better an end of its own than the kernel's choice."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from satellite.errors import MemoryFull

_LOGGER = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two looks: what grows faster is stopped by the service's own limit."""

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
    return int(SHARE * min([machine, *_told()]))


def _told() -> list[int]:
    texts = [path.read_text().strip() for path in _CONTAINER if path.exists()]
    return [int(text) for text in texts if text.isdecimal() and int(text) > 0]


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
