"""One request at a time, and a bounded number that wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from satellite.errors import EngineBusy


class Turns:
    """The order in which requests have a server to themselves: that of their arrival."""

    def __init__(self, waiting: int, patience: float) -> None:
        """`waiting` limits those that wait to begin, `patience` for how many seconds each does."""
        self.queued = 0
        """Requests that wait to begin."""
        self._most = waiting
        self._patience = patience
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, *, begun: bool) -> AsyncGenerator[None, None]:
        """Have the server to oneself. Raises `EngineBusy`, except where a request goes on."""
        if begun:
            await self._lock.acquire()
        else:
            await self._begin()
        try:
            yield
        finally:
            self._lock.release()

    async def _begin(self) -> None:
        if self._lock.locked() and self.queued >= self._most:
            raise EngineBusy(
                f"gpt-sovits speaks one text at a time, and {self.queued} wait: try again later, "
                "or raise the option waiting"
            )
        self.queued += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._lock.acquire()
        except TimeoutError as error:
            raise EngineBusy(
                f"gpt-sovits spoke other texts for {self._patience:g} s: try again later"
            ) from error
        finally:
            self.queued -= 1
