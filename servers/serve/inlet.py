"""What a request still receives while it is worked on."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from satellite.errors import EngineTimeout
from satellite.net.memory_budget import MemoryBudget

Piece = TypeVar("Piece")


class Inlet(Generic[Piece]):
    """Pieces put in by a connection's reader and iterated by the request.

    `put` waits while pieces worth `capacity` or more are held, so that a client which sends faster
    than the engine works is slowed down by its own connection. That it has hung up is then noticed
    only when the engine goes on. What is held counts in `account`, too.
    """

    def __init__(
        self, capacity: int, account: MemoryBudget | None = None, patience: float | None = None
    ) -> None:
        """`patience`: seconds for the next piece once it is waited for; None for ever."""
        self._capacity = capacity
        self._account = account or MemoryBudget()
        self._patience = patience
        self._pieces: deque[tuple[Piece, int]] = deque()
        self._held = 0
        self._ended = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, piece: Piece, size: int) -> None:
        """Add a piece worth `size`; forget it after `end` or `discard`.

        Raises `EngineBusy` when too much is held for all clients together.
        """
        await self._room.wait()
        if self._ended:
            return
        self._account.add(size)
        self._pieces.append((piece, size))
        self._held += size
        if self._held >= self._capacity:
            self._room.clear()
        self._changed.set()

    def end(self) -> None:
        """Let the iteration end after what is held. Twice is once."""
        self._ended = True
        self._changed.set()

    def discard(self) -> None:
        """Nobody reads any more: forget what is held and whatever comes."""
        self.end()
        self._pieces.clear()
        self._account.remove(self._held)
        self._held = 0
        self._room.set()

    def __aiter__(self) -> Inlet[Piece]:
        return self

    async def __anext__(self) -> Piece:
        while not self._pieces:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._more()
        piece, size = self._pieces.popleft()
        self._held -= size
        self._account.remove(size)
        if self._held < self._capacity:
            self._room.set()
        return piece

    async def _more(self) -> None:
        """Wait for a piece or the end. Raises `EngineTimeout` when neither comes."""
        try:
            async with asyncio.timeout(self._patience):
                await self._changed.wait()
        except TimeoutError as error:
            raise EngineTimeout(
                f"the rest of the request did not come within {self._patience:g} s"
            ) from error
