"""The events of one answer on their way to a client, apart from the work that makes them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

from wyoming.event import Event

from satellite.net.memory_budget import Budget
from servers.serve.service import Write

MOST = 4 * 1024 * 1024
"""Bytes that wait for one client: a minute and a half of speech at 22 kHz. A whole ordinary answer
has room, so that its place is free for others while a slow client still reads."""
SHARE = 8
"""One answer takes no more than this part (1/8) of the memory that is spare at the time, so that
the first slow clients leave some to the next ones."""
_EVENT = 256
"""Bytes that an event counts beyond its payload and text."""


class Outbox:
    """Buffers what was computed until the client has read it.

    `write` waits only while the buffer is full; the first event always has room, so that memory in
    use elsewhere delays an answer and never ends it.
    """

    def __init__(self, write: Write, memory: Budget) -> None:
        """`write` sends an event and raises an exception once the client has disconnected."""
        self._write = write
        self._memory = memory
        self.first: float | None = None
        """When the first event was sent, on the monotonic clock."""
        self._last = 0.0
        self._events: deque[tuple[Event, int]] = deque()
        self._size = 0
        self._failure: Exception | None = None
        self._filled, self._emptied = asyncio.Event(), asyncio.Event()

    def after(self, received_at: float | None) -> float | None:
        """Return the seconds from `received_at` to the last event; None where either is missing."""
        if received_at is None or self.first is None:
            return None
        return max(0.0, self._last - received_at)

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None, None]:
        """Send the events during this block, and those left at its end; if cancelled, drop them.

        Raises what sending raises.
        """
        task = asyncio.get_running_loop().create_task(self._send())
        try:
            try:
                yield
            except Exception:
                await self._flush()
                raise
            await self._flush()
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._memory.remove(self._size)
            self._events.clear()
            self._size = 0

    async def write(self, event: Event) -> None:
        """Add an event, once there is room. Raises what sending raises."""
        size = _EVENT + len(event.payload or b"") + len(str(event.data.get("text", "")))
        while self._failure is None and self._size and not self._fits(size):
            self._emptied.clear()
            await self._emptied.wait()
        if self._failure is not None:
            raise self._failure
        self._memory.add_always(size)
        self._size += size
        self._events.append((event, size))
        self._filled.set()

    def _fits(self, size: int) -> bool:
        return self._size + size <= min(MOST, self._memory.spare // SHARE)

    async def _flush(self) -> None:
        while self._failure is None and self._size:
            self._emptied.clear()
            await self._emptied.wait()
        if self._failure is not None:
            raise self._failure

    async def _send(self) -> None:
        while True:
            while self._events:
                event, size = self._events.popleft()
                try:
                    await self._write(event)
                except Exception as error:
                    self._failure = error
                    self._emptied.set()
                    return
                self._last = monotonic()
                self.first = self.first or self._last
                self._size -= size
                self._memory.remove(size)
                self._emptied.set()
            self._filled.clear()
            await self._filled.wait()
