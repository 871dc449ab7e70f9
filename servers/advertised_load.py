"""The load of a role in its mDNS advert."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from servers.pool import Pool

STEPS = 4
"""Steps of the advertised load: enough for choosing a server, and every change is a multicast."""
TIME_CONSTANT = 10.0
"""Seconds of averaging: several requests, so that a single one changes nothing."""
DEADBAND = 0.15
"""Deviation from the advertised load that changes it; half a step (0.125) would oscillate."""


class AdvertisedLoad:
    """Running and waiting requests as a share of those that may run at once."""

    def __init__(self, pool: Pool, limit: int, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._limit = limit
        self._clock = clock
        self._last_time = clock()
        self._mean = 0.0
        self._advertised = 0.0

    @property
    def now(self) -> float:
        """The share now, 1 at most."""
        return min(1.0, (self._pool.running + self._pool.queued) / self._limit)

    def advertise(self) -> str:
        """Return the average share, rounded to a step. Call it every few seconds."""
        now = self._clock()
        weight = min(1.0, (now - self._last_time) / TIME_CONSTANT)
        self._last_time = now
        self._mean += weight * (self.now - self._mean)
        if abs(self._mean - self._advertised) > DEADBAND:
            self._advertised = round(self._mean * STEPS) / STEPS
        return f"{self._advertised:g}"
