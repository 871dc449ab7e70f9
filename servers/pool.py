"""Pools run the requests of an engine, in this process or elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from satellite.errors import EngineBusy
from satellite.ports import Queueing


class Pool(Protocol):
    """Runs the requests of one engine, wherever that is."""

    def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        """Call a method of the engine and yield its results, once there is capacity for it.

        Requests start in the order in which they arrive. Closing the generator, or cancelling the
        task that iterates it, ends the request and frees its place at once. Raises `EngineBusy`
        when too many requests wait, and what the engine raises.
        """

    @property
    def running(self) -> int:
        """Running requests."""

    @property
    def queued(self) -> int:
        """Requests waiting for capacity."""


class LocalPool:
    """Runs up to `workers` requests at once in this process; `waiting` more may wait."""

    def __init__(self, engine: Any, workers: int, waiting: int) -> None:
        self._engine = engine
        self._workers = workers
        self._waiting = waiting
        self._queued = 0
        self._running = 0
        self._places = asyncio.Semaphore(workers)

    async def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        await self._enter()
        self._running += 1
        try:
            async with aclosing(getattr(self._engine, method)(*arguments)) as results:
                async for result in results:
                    yield result
        finally:
            self._running -= 1
            self._places.release()

    @property
    def running(self) -> int:
        return self._running - self._queued_in_engine

    @property
    def queued(self) -> int:
        return self._queued + self._queued_in_engine

    @property
    def _queued_in_engine(self) -> int:
        """Requests that wait inside the engine, if it counts them."""
        return self._engine.queued if isinstance(self._engine, Queueing) else 0

    async def _enter(self) -> None:
        if self._places.locked() and self._queued >= self._waiting:
            raise EngineBusy(
                f"{self._workers} requests are running and {self._queued} are waiting: try again "
                "later, or raise server.workers or server.waiting"
            )
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
