"""Pools run the requests of an engine, in this process or elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from satellite.ports import Preparing, Queueing
from servers.places import Places

_END = object()


class Pool(Protocol):
    """Runs the requests of one engine, wherever that is."""

    def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        """Call a method of the engine and yield its results, once there is capacity for it.

        The last argument is the request.

        Requests of one address start in the order in which they arrive (see `servers.places`).
        Closing the generator, or cancelling the task that iterates it, ends the request and frees
        its place at once. Raises `EngineBusy` when too many requests wait, `EngineTimeout` when its
        place is lost, and what the engine raises.
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
        self._places = Places(workers, waiting)

    async def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        if isinstance(self._engine, Preparing):
            await self._engine.prepare_for(arguments[-1])
        place = await self._places.take()
        try:
            async with aclosing(getattr(self._engine, method)(*arguments)) as results:
                while (result := await place.work(anext(results, _END))) is not _END:
                    place.offer()
                    yield result
                    await place.resume()
        finally:
            place.leave()

    @property
    def running(self) -> int:
        return self._places.running - self._queued_in_engine

    @property
    def queued(self) -> int:
        return self._places.queued + self._queued_in_engine

    @property
    def _queued_in_engine(self) -> int:
        """Requests that wait inside the engine, if it counts them."""
        return self._engine.queued if isinstance(self._engine, Queueing) else 0
