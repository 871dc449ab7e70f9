"""The circuit breakers and latencies of the servers of one role."""

from __future__ import annotations

from collections.abc import Iterable

from satellite.engines.circuit_breaker import CircuitBreaker, State
from satellite.engines.ranking import Standing
from satellite.net.discovery.remote_service import RemoteService

WEIGHT = 0.3
"""Weight of the newest call in the moving average of a latency, which covers about ten calls."""
LONGEST = 60.0
"""Seconds of an answer that count at most: the deadlines of all roles are shorter, and one that
waited while this machine was suspended must not rule its server out for hours."""
MOST = 256
"""Servers remembered, twice the number of those watched."""


class ServerStats:
    """The results of this satellite's own calls. All times are seconds of one clock."""

    def __init__(self) -> None:
        self._breakers: dict[str, CircuitBreaker] = {}
        self._latencies: dict[str, float] = {}

    def breaker(self, uri: str) -> CircuitBreaker:
        """Return the circuit breaker of a server."""
        if len(self._breakers) >= MOST and uri not in self._breakers:
            oldest = next(iter(self._breakers))
            del self._breakers[oldest]
            self._latencies.pop(oldest, None)
        return self._breakers.setdefault(uri, CircuitBreaker())

    def answered(self, uri: str, seconds: float) -> None:
        """Record the seconds until a server's first answer."""
        seconds = min(max(seconds, 0.0), LONGEST)
        before = self._latencies.get(uri, seconds)
        self._latencies[uri] = before + WEIGHT * (seconds - before)

    def standings(
        self, servers: Iterable[RemoteService], last: str | None, now: float
    ) -> dict[str, Standing]:
        """Return the standing of each server by its URI; `last` is the server asked last."""
        return {server.uri: self._standing(server, last, now) for server in servers}

    def _standing(self, server: RemoteService, last: str | None, now: float) -> Standing:
        breaker = self._breakers.get(server.uri)
        aside = None
        if breaker is not None and breaker.state(now, server.since) is State.OPEN:
            aside = f"set aside for {breaker.remaining(now):.0f} s: {breaker.error}"
        return Standing(
            latency=self._latencies.get(server.uri),
            aside=aside,
            last=server.uri == last,
        )
