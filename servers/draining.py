"""A server that stops: requests under way are finished, and new ones sent elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from satellite.errors import EngineBusy
from servers.pool import Pool

_LOGGER = logging.getLogger(__name__)

_LAST = 0.3
"""Seconds after the last result of an engine, in which it is sent to the client."""


class DrainablePool:
    """A pool that can refuse further requests while those under way go on."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._draining = False
        self._under_way = 0
        self._ended = asyncio.Event()

    async def submit(self, method: str, *arguments: Any) -> AsyncGenerator[Any, None]:
        """See `servers.pool.Pool`. Raises `EngineBusy` from `refuse` on: satellites then ask the
        next server."""
        if self._draining:
            raise EngineBusy("this server is stopping: ask another one")
        self._under_way += 1
        try:
            async with aclosing(self._pool.submit(method, *arguments)) as results:
                async for result in results:
                    yield result
        finally:
            self._under_way -= 1
            self._ended.set()

    @property
    def running(self) -> int:
        return self._pool.running

    @property
    def queued(self) -> int:
        return self._pool.queued

    @property
    def under_way(self) -> int:
        """Requests that have not ended, those included that wait for their turn or input."""
        return self._under_way

    def refuse(self) -> None:
        """Refuse every further request."""
        self._draining = True

    async def wait_idle(self) -> None:
        """Return once no request is under way."""
        while self._under_way:
            self._ended.clear()
            await self._ended.wait()


async def drain(pools: Sequence[DrainablePool], seconds: float) -> None:
    """Refuse further requests, and wait up to `seconds` for those under way."""
    for pool in pools:
        pool.refuse()
    if not any(pool.under_way for pool in pools):
        return
    _LOGGER.info("stopping: %d requests are finished first", sum(p.under_way for p in pools))
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(pool.wait_idle() for pool in pools))
            await asyncio.sleep(_LAST)
    except TimeoutError:
        left = sum(pool.under_way for pool in pools)
        _LOGGER.warning("%d requests were not finished within %g s (server.drain)", left, seconds)
