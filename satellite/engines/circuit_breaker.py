"""A circuit breaker: whether a server that has failed is asked again, and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum

from satellite.errors import EngineBusy, EngineTimeout, PeerClosed, PeerUnreachable, SatelliteError

GONE = 3.5
"""Seconds that a server whose connection broke, or that did not answer, is not asked again where
nobody saw that it was away: it may have been started anew, and a machine that hung may be itself
again; such a one shall be in use within five."""
SICK = 15.0
"""Seconds that a server is not asked again that said that it could not do its work: what is wrong
with an engine seldom passes by itself."""
BUSY = 1.0
"""Seconds that a server is not asked again that said it was busy."""
GROWTH = 4.0
"""Each failure after another makes the wait so much longer."""
LONGEST = 300.0
"""Seconds of the longest wait."""
JITTER = 0.2
"""Waits differ by up to this share, so that a house's satellites do not come back as one."""
FORGOTTEN = 600.0
"""Seconds after which an earlier failure has nothing to do with the next one."""
TRUSTED = 3
"""Failures in a row after which coming back is not enough to be asked at once."""


class State(Enum):
    """Of a circuit: closed is well, open is not to be asked, half-open is to be tried once."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Of one server in one role. All times are of one clock, in seconds."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.error: Exception | None = None
        """Why it is open."""
        self._chance = chance
        self._failures = 0
        self._opened = 0.0
        self._until = 0.0
        self._trying = False

    def state(self, now: float, since: float = 0.0) -> State:
        """What it is now, of a server that was found, or came back, at `since`."""
        if self.error is None:
            return State.CLOSED
        returned = since > self._opened and self._failures < TRUSTED
        if self._trying or not (returned or now >= self._until):
            return State.OPEN
        return State.HALF_OPEN

    def remaining(self, now: float) -> float:
        """Seconds until it is tried again, if it does not come back before."""
        return max(0.0, self._until - now)

    def asked(self) -> None:
        """It is asked: while half-open, by one call alone."""
        self._trying = self.error is not None

    def left(self) -> None:
        """A call ended without telling whether it is well."""
        self._trying = False

    def succeeded(self) -> None:
        """It has answered: the circuit is closed."""
        self.error = None
        self._failures = 0
        self._trying = False

    def failed(self, error: Exception, now: float) -> bool:
        """It has failed: the circuit is open. Returns whether that is new."""
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
