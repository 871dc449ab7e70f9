"""The memory of this process and its limit: it ends by itself before the kernel kills programs."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from satellite.errors import MemoryFull
from satellite.lib.platform.memory import give_back, of_machine, set_policy, used

_LOGGER = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two checks: faster growth is stopped by the limit of the service."""

PATIENCE = 12
"""Checks at most before freed memory is given back: models load within a minute."""

_M_ARENA_MAX = -8
"""Parameter of glibc's `mallopt`, from <malloc.h>."""

_ARENAS = 1
"""With a second one, buffers of more than 64 MB are mapped and cleared again for each use in one of
both, and what is free in one is of no use to the other."""

SHARE = 0.75
"""Default limit as a share of the machine's or container's memory; the system needs the rest."""

_NEAR = 0.9
"""Share of the limit from which a warning is logged."""

_CONTAINER = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Files with the limit of a container, of version 2 and 1 of control groups (cgroups(7))."""

MB = 1_000_000


def default_limit() -> int:
    """Return the default limit in bytes."""
    return int(SHARE * min([of_machine(), *_cgroup_limits()]))


def _cgroup_limits() -> list[int]:
    texts = [path.read_text().strip() for path in _CONTAINER if path.exists()]
    return [int(text) for text in texts if text.isdecimal() and int(text) > 0]


def share_arenas() -> None:
    """Make new threads share the arena of the C library.

    glibc gives each of its first threads (eight per core) an arena of its own, whose unused parts
    add up; our threads seldom allocate at the same time.
    """
    set_policy((_M_ARENA_MAX, _ARENAS))


async def return_memory_after_start() -> None:
    """Give back the memory freed after the start, once its amount no longer changes."""
    before = 0
    try:
        for _ in range(PATIENCE):
            await asyncio.sleep(EVERY)
            if abs(used() - before) < MB:
                break
            before = used()
    except OSError as error:
        _LOGGER.debug("the memory of this process cannot be read: %s", error)
    give_back()


async def watch(limit: int) -> None:
    """Check this process's memory until cancelled. Raises `MemoryFull` above `limit` bytes."""
    near = False
    while True:
        try:
            now = used()
        except OSError as error:
            _LOGGER.debug("the memory of this process cannot be read: %s", error)
            return
        if now > limit:
            raise MemoryFull(
                f"this process uses {now // MB} MB of memory, more than its limit of "
                f"{limit // MB} MB (health.memory); it ends, to be started again"
            )
        if now > _NEAR * limit and not near:
            _LOGGER.warning("%d MB of memory in use, of %d MB", now // MB, limit // MB)
        near = now > _NEAR * limit
        await asyncio.sleep(EVERY)
