"""A circuit breaker, which decides when a failed server is asked again."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum

from satellite.errors import EngineBusy, EngineTimeout, PeerClosed, PeerUnreachable, SatelliteError

GONE = 3.5
"""Seconds until a server is asked again whose connection broke or that did not answer, and that has
not been seen as lost: it may have been restarted, and is to be in use again within five seconds."""
SICK = 15.0
"""Seconds until a server is asked again that reported an error: a fault of an engine seldom passes
by itself."""
BUSY = 1.0
"""Seconds until a server is asked again that reported that it was busy."""
GROWTH = 4.0
"""Factor by which each consecutive failure prolongs the wait."""
LONGEST = 300.0
"""Seconds of the longest wait."""
JITTER = 0.2
"""Share by which waits vary, so that the satellites of a home do not return at the same time."""
FORGOTTEN = 600.0
"""Seconds after which an earlier failure no longer counts."""
TRUSTED = 3
"""Consecutive failures after which a server that returns is not asked at once."""


class State(Enum):
    """The state of a circuit: closed (in use), open (not asked) or half-open (asked once)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """The circuit breaker of one server in one role. All times are seconds of one clock."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.error: Exception | None = None
        """The error for which it is open."""
        self._chance = chance
        self._failures = 0
        self._opened = 0.0
        self._until = 0.0
        self._trying = False

    def state(self, now: float, since: float = 0.0) -> State:
        """Return the state for a server that was discovered, or returned, at `since`."""
        if self.error is None:
            return State.CLOSED
        returned = since > self._opened and self._failures < TRUSTED
        if self._trying or not (returned or now >= self._until):
            return State.OPEN
        return State.HALF_OPEN

    def remaining(self, now: float) -> float:
        """Return the seconds until the next attempt, unless the server returns before."""
        return max(0.0, self._until - now)

    def asked(self) -> None:
        """Record that a call begins: while half-open, there is only one."""
        self._trying = self.error is not None

    def left(self) -> None:
        """Record that a call ended without a result."""
        self._trying = False

    def succeeded(self) -> None:
        """Record an answer, which closes the circuit."""
        self.error = None
        self._failures = 0
        self._trying = False

    def failed(self, error: Exception, now: float) -> bool:
        """Record a failure, which opens the circuit; return whether it was closed before."""
        first = self.error is None
        if now - self._opened > FORGOTTEN:
            self._failures = 0
        self.error = error
        self._trying = False
        if isinstance(error, EngineBusy):
            wait = BUSY
        else:
            gone = isinstance(error, PeerUnreachable | PeerClosed | EngineTimeout)
            wait = min(LONGEST, (GONE if gone else SICK) * GROWTH**self._failures)
            self._failures += 1
        self._opened = now
        self._until = now + wait * (1 + JITTER * (2 * self._chance() - 1))
        return first

    def __str__(self) -> str:
        reason = self.error.code if isinstance(self.error, SatelliteError) else "failed"
        return reason if self.error is not None else "well"
