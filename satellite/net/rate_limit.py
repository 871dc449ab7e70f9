"""Rate limit of the events of one peer."""

from __future__ import annotations

import asyncio

_TURN = 8
"""Events read in a row before other tasks run: under a millisecond of work."""
_BURST = 2.0
"""Seconds' worth of events that may arrive at once."""


class RateLimit:
    """Delays the reading of a peer that sends more than `rate` events per second.

    No event is dropped: unread events wait in the connection, and its sender waits as well. A file
    of ten minutes sent in pieces of 20 ms takes half a minute.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._spare = rate * _BURST
        self._last = asyncio.get_running_loop().time()
        self._turn = 0

    async def step(self) -> bool:
        """Count an event, and wait if there were too many; return whether it waited."""
        now = asyncio.get_running_loop().time()
        self._spare = min(self._rate * _BURST, self._spare + (now - self._last) * self._rate) - 1
        self._last = now
        if self._spare < 0:
            await asyncio.sleep(-self._spare / self._rate)
            return True
        self._turn = (self._turn + 1) % _TURN
        if not self._turn:
            await asyncio.sleep(0)  # reading what has already arrived never yields otherwise
        return False
