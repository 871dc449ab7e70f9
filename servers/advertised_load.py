"""How much of a role's capacity is taken, as its advert tells it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from servers.pool import Pool

STEPS = 4
"""Steps in which it is told: whoever chooses needs no more, and every change is heard by all."""
MEMORY = 10.0
"""Seconds over which it is averaged: several requests, so that a single one is no news."""
ENOUGH = 0.15
"""It is told anew when it is that far from what was told; half a step would go to and fro."""


class Load:
    """Requests that are worked on or wait, as a share of those that are worked on at once."""

    def __init__(self, pool: Pool, places: int, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._places = places
        self._clock = clock
        self._looked = clock()
        self._mean = 0.0
        self._told = 0.0

    @property
    def now(self) -> float:
        """The share at this moment, 1 at most."""
        return min(1.0, (self._pool.running + self._pool.queued) / self._places)

    def tell(self) -> str:
        """The share of late, rounded; to be asked every few seconds."""
        now = self._clock()
        weight = min(1.0, (now - self._looked) / MEMORY)
        self._looked = now
        self._mean += weight * (self.now - self._mean)
        if abs(self._mean - self._told) > ENOUGH:
            self._told = round(self._mean * STEPS) / STEPS
        return f"{self._told:g}"
