"""The requests of logged-in browsers that run now, which end when their browser is logged out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

import msgspec

CHECK = 0.5
"""Seconds between two checks: `satellite page --revoke` is another process, so that only its file
can be watched."""


class _Live(msgspec.Struct, frozen=True, eq=False):
    still_valid: Callable[[], bool]
    task: asyncio.Task[object] | None
    transport: asyncio.BaseTransport | None


class LiveRequests:
    """The requests of browsers that are being answered, WebSockets included."""

    def __init__(self) -> None:
        self._live: set[_Live] = set()
        self._some = asyncio.Event()

    @contextmanager
    def entered(
        self, still_valid: Callable[[], bool], transport: asyncio.BaseTransport | None
    ) -> Generator[None, None, None]:
        """Count the current task's request during this block, as long as it is valid."""
        live = _Live(still_valid, asyncio.current_task(), transport)
        self._live.add(live)
        self._some.set()
        try:
            yield
        finally:
            self._live.discard(live)

    def check(self) -> None:
        """End the requests that are no longer valid, but not the one that asks for this."""
        for live in tuple(self._live):
            if live.task is asyncio.current_task() or live.still_valid():
                continue
            self._live.discard(live)
            if isinstance(live.transport, asyncio.WriteTransport):
                live.transport.abort()
            if live.task is not None:
                live.task.cancel()

    async def watch(self) -> None:
        """Check regularly while there are requests, until cancelled."""
        while True:
            if not self._live:
                self._some.clear()
                await self._some.wait()
            await asyncio.sleep(CHECK)
            self.check()
