"""Waits until replicas that were deployed run, with a limit for each step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from satellite.errors import EngineDown
from servers.ray_serve.options import RayOptions

_LOGGER = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two looks at the cluster."""
LOADED = 900.0
"""Seconds in which a replica that has a place loads its engine, as it may first fetch models."""


class Room(msgspec.Struct, frozen=True):
    """What the cluster has of one kind, CPU or GPU."""

    total: float
    free: float
    most: float
    """On the machine that has the most of it."""


class Progress(msgspec.Struct, frozen=True):
    """How far the replicas of an application are."""

    status: str
    """Ray Serve's status of the application; empty if there is none."""
    message: str
    begun: int
    """Replicas that have a place, and began to load their engine."""
    loaded: int


class Starting:
    """The start of an engine's replicas."""

    def __init__(
        self,
        name: str,
        options: RayOptions,
        look: Callable[[], Awaitable[Progress]],
        rooms: Callable[[], Awaitable[Mapping[str, Room]]],
    ) -> None:
        """`look` returns the progress, and `rooms` what the cluster has by kind."""
        self._name = name
        self._options = options
        self._look = look
        self._rooms = rooms

    async def wait(self) -> None:
        """Return when all replicas run, or some where there is no place for all.

        Raises `EngineDown` where none has a place within `wait` of the options, where none has
        loaded in time, and where Ray Serve gives up.
        """
        loop = asyncio.get_running_loop()
        began, warned = loop.time(), False
        while (progress := await self._look()).status != "RUNNING":
            if progress.status in ("", "DELETING", "DEPLOY_FAILED"):
                reason = progress.message or "the application was removed"
                raise EngineDown(f"Ray cannot start replicas of {self._name}: {reason}")
            waited = loop.time() - began
            if waited > self._options.wait:
                if not progress.begun:
                    raise EngineDown(await self._no_place("a replica"))
                if not warned and progress.begun < self._options.replicas:
                    missing = self._options.replicas - progress.begun
                    _LOGGER.warning(
                        "%s",
                        await self._no_place(f"{missing} of {self._options.replicas} replicas"),
                    )
                    warned = True
                if progress.loaded:
                    return
            if waited > self._options.wait + LOADED:
                raise EngineDown(f"no replica of {self._name} loaded its engine in {LOADED:g} s")
            await asyncio.sleep(EVERY)

    async def _no_place(self, what: str) -> str:
        rooms, options = await self._rooms(), self._options
        needs = [
            f"{each:g} {kind}s, of which the cluster has {_written(rooms.get(kind))}"
            for kind, each in (("CPU", options.cpus), ("GPU", options.gpus))
            if each
        ]
        return (
            f"Ray found no place for {what} of {self._name} within {options.wait:g} s: each needs "
            f"{' and '.join(needs) or 'a machine'}; in server.pool, lower replicas, cpus or gpus, "
            "or raise wait where machines are added on demand"
        )


def _written(room: Room | None) -> str:
    if room is None or not room.total:
        return "none"
    return f"{room.total:g} ({room.most:g} at most on one machine), {room.free:g} free"
