"""Messages to a browser, in order; bounded, however slowly it reads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from satellite.text.printable import printable_json

PATIENCE = 10.0
"""Seconds for a browser to take a message."""

MOST = 1 << 20
"""Bytes that may wait: twenty seconds of sound, or ten thousand events."""


class TooSlow(Exception):
    """The browser does not read what is sent."""


class Outgoing:
    """The messages that wait for one browser."""

    def __init__(self) -> None:
        self._waiting: deque[str | bytes] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._overrun = False

    def put(self, message: Any) -> None:
        """Send a value as JSON."""
        self._add(printable_json(msgspec.json.encode(message)).decode())

    def put_sound(self, audio: bytes) -> None:
        """Send samples."""
        self._add(audio)

    def drop_sound(self) -> None:
        """Forget the samples that were not sent yet."""
        self._waiting = deque(part for part in self._waiting if isinstance(part, str))
        self._size = sum(map(len, self._waiting))

    async def run(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Send what is put, until cancelled. Raises `TooSlow`, and what `send` raises."""
        while True:
            self._changed.clear()
            while self._waiting:
                message = self._waiting.popleft()
                self._size -= len(message)
                try:
                    async with asyncio.timeout(PATIENCE):
                        await send(message)
                except TimeoutError as error:
                    raise TooSlow(f"it took nothing for {PATIENCE:g} s") from error
            if self._overrun:
                raise TooSlow(f"more than {MOST} bytes wait for it")
            await self._changed.wait()

    def _add(self, message: str | bytes) -> None:
        if self._overrun or self._size + len(message) > MOST:
            self._overrun = True
        else:
            self._waiting.append(message)
            self._size += len(message)
        self._changed.set()
