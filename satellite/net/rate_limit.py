"""How fast events are taken from a peer."""

from __future__ import annotations

import asyncio

_TURN = 8
"""Events taken at once before others have their turn: under a millisecond of work."""
_BURST = 2.0
"""Seconds' worth of events that may come at once."""


class RateLimit:
    """Slows down whoever sends more than `rate` events a second.

    Nobody is dropped: events that are not read yet wait in the connection, whose sender then waits,
    too. A file of ten minutes sent in pieces of 20 ms takes half a minute.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._spare = rate * _BURST
        self._then = asyncio.get_running_loop().time()
        self._turn = 0

    async def step(self) -> bool:
        """Count an event, and wait where there were too many; say whether that was so."""
        now = asyncio.get_running_loop().time()
        self._spare = min(self._rate * _BURST, self._spare + (now - self._then) * self._rate) - 1
        self._then = now
        if self._spare < 0:
            await asyncio.sleep(-self._spare / self._rate)
            return True
        self._turn = (self._turn + 1) % _TURN
        if not self._turn:
            await asyncio.sleep(0)  # what has arrived already would be taken without a pause
        return False
