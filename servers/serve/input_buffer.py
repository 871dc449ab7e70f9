"""Input of a request that arrives while an engine works on it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from satellite.errors import EngineTimeout
from satellite.net.memory_budget import Budget, MemoryBudget

Piece = TypeVar("Piece")

SHARE = 8
"""One client's input takes no more than this part (1/8) of the memory that is spare at the time,
apart from its latest piece."""


class InputBuffer(Generic[Piece]):
    """A bounded queue from a connection's reader to the request's handler.

    `put` waits while the pieces held reach `capacity`: TCP then slows a client that sends faster
    than the engine works. Its disconnection is noticed only once the engine continues. Held pieces
    count in `account`, too.
    """

    def __init__(
        self, capacity: int, account: Budget | None = None, patience: float | None = None
    ) -> None:
        """`patience` bounds the wait for the next piece in seconds; None means no bound."""
        self._capacity = capacity
        self._account: Budget = account or MemoryBudget()
        self._patience = patience
        self._pieces: deque[tuple[Piece, int]] = deque()
        self._held = 0
        self._ended = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def starved(self) -> bool:
        """Whether the reader waits for pieces that the client has yet to send."""
        return not (self._pieces or self._ended)

    @property
    def ended(self) -> bool:
        """Whether no more pieces follow those held."""
        return self._ended

    @property
    def _capacity_now(self) -> int:
        """The capacity, less where memory is short, so that many clients never use all of it."""
        return min(self._capacity, self._account.spare // SHARE)

    async def put(self, piece: Piece, size: int) -> None:
        """Add a piece of `size` bytes or characters; drop it after `end` or `discard`.

        Raises `EngineBusy` when the clients together exceed the memory budget.
        """
        while self._held and not self._ended and self._held >= self._capacity_now:
            self._room.clear()
            await self._room.wait()
        if self._ended:
            return
        self._account.add(size)
        self._pieces.append((piece, size))
        self._held += size
        self._changed.set()

    def end(self) -> None:
        """End the iteration after the pieces held. Idempotent."""
        self._ended = True
        self._changed.set()

    def discard(self) -> None:
        """Drop the pieces held and all that follow: the reader has stopped."""
        self.end()
        self._pieces.clear()
        self._account.remove(self._held)
        self._held = 0
        self._room.set()

    def __aiter__(self) -> InputBuffer[Piece]:
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
        self._room.set()
        return piece

    async def _more(self) -> None:
        """Wait for a piece or the end. Raises `EngineTimeout`."""
        try:
            async with asyncio.timeout(self._patience):
                await self._changed.wait()
        except TimeoutError as error:
            raise EngineTimeout(
                f"the rest of the request did not come within {self._patience:g} s"
            ) from error
