"""Where requests are worked on: here, or wherever else a pool may send them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from satellite.errors import EngineBusy


class Pool(Protocol):
    """Takes requests for one engine; who asks does not know where they are worked on."""

    def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        """Call an engine's method and yield its results, once there is capacity for it.

        Requests begin in the order in which they came. Closing the generator, or cancelling whoever
        iterates it, ends the work and frees its place at once. Raises `EngineBusy` when as many
        requests wait as may, and whatever the engine raises.
        """

    @property
    def running(self) -> int:
        """Requests that were begun and have not ended."""

    @property
    def queued(self) -> int:
        """Requests that wait for capacity."""


class LocalPool:
    """Works on `workers` requests at once in this process; `waiting` more may wait."""

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
        return self._running - self._inside

    @property
    def queued(self) -> int:
        return self._queued + self._inside

    @property
    def _inside(self) -> int:
        """Requests that the engine itself lets wait, where it tells."""
        return int(getattr(self._engine, "queued", 0))

    async def _enter(self) -> None:
        if self._places.locked() and self._queued >= self._waiting:
            raise EngineBusy(
                f"{self._workers} requests are being worked on and {self._queued} wait: "
                "ask again later, or allow more with server.workers and server.waiting"
            )
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
