"""The shares of clients' addresses in the processors, over all engines of a server.

Engines compute in pieces, each of which uses several cores and cannot be stopped. Two of them at
once take twice as long each, so that who has only one waits for the other's. Engines therefore ask
here before each piece. An address that has computed for longer than its share of the time begins no
piece while one that has not computes or waits, unless cores are left for it. As long as such a one
may come back it begins only as many at once as the cores can do without delay, so that the other
one waits for no more than a piece.

Where addresses keep to their shares, or where there is only one, nothing is changed: engines choose
their order and their batches themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SLACK = 1.0
"""Seconds by which an address may be further beyond its share than another one: a usual answer."""
MOST_BEYOND = 30.0
"""Most seconds beyond its share that an address is charged with."""
ACTIVE = 10.0
"""Seconds after its last piece for which an address counts where the time is divided."""
LINGER = 0.05
"""Seconds after a piece for which the address is expected to bring the next one of its request."""
RECENT = 600.0
"""Seconds after its last piece for which an address may come back."""
LOOK = 0.02
"""Seconds after which an engine asks again for a piece that may not begin yet."""
CORES = 4
"""Cores that one piece uses at most, as engines divide them."""
MOST = 256
"""Addresses that are known at once; those that have been away for longest are forgotten."""


class _Share:
    def __init__(self, now: float) -> None:
        self.waiting = 0
        self.running = 0
        self.seen = now
        """Its latest piece, or request for one."""
        self._beyond = 0.0
        self._at = now

    def beyond(self, now: float, part: float) -> float:
        """Return the seconds that it has computed beyond its `part` of each second."""
        left = self._beyond - part * (now - self._at)
        self._beyond = min(MOST_BEYOND, max(0.0, left))
        self._at = now
        return self._beyond

    def add(self, seconds: float) -> None:
        self._beyond += seconds

    def claims(self, now: float) -> int:
        """Return the pieces that it is about to begin."""
        lingers = not self.running and now - self.seen < LINGER
        return self.waiting or int(lingers)


class Piece:
    """One piece of work of an address: it waits until `begin`, and is over with `end`, which may be
    called without `begin` and more than once. Thread-safe."""

    def __init__(self, shares: ProcessorShares, share: _Share) -> None:
        self._shares = shares
        self._share = share
        self._began: float | None = None
        self._ended = False

    def may_begin(self) -> bool:
        """Return whether it may begin now; if not, ask again after `LOOK`."""
        return self._shares.allows(self._share)

    def begin(self) -> None:
        with self._shares.lock:
            if self._began is None and not self._ended:
                self._began = self._share.seen = now = self._shares.clock()
                self._share.beyond(now, self._shares.part(now))  # rest is not saved up
                self._share.waiting -= 1
                self._share.running += 1

    def end(self) -> None:
        with self._shares.lock:
            if self._ended:
                return
            self._ended = True
            now = self._shares.clock()
            if self._began is None:
                self._share.waiting -= 1
                return
            self._share.running -= 1
            self._share.seen = now
            self._share.add(now - self._began)


class ProcessorShares:
    """What each address has computed, computes and waits for. Thread-safe."""

    def __init__(self, cores: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.Lock()
        self.clock = clock
        self._at_once = max(1, cores // CORES)
        self._shares: dict[str, _Share] = {}

    def piece(self, address: str) -> Piece:
        """Return a new piece of an address, which waits from now on."""
        now = self.clock()
        with self.lock:
            share = self._shares.pop(address, None) or _Share(now)
            self._shares[address] = share  # the last one to be forgotten
            if len(self._shares) > MOST:
                idle = (a for a, s in self._shares.items() if not (s.waiting or s.running))
                self._shares.pop(next(idle, ""), None)
            share.waiting += 1
            share.seen = now
        return Piece(self, share)

    def allows(self, share: _Share) -> bool:
        """Return whether a waiting piece of this share may begin."""
        now = self.clock()
        with self.lock:
            others = [other for other in self._shares.values() if other is not share]
            part = self.part(now)
            limit = share.beyond(now, part) - SLACK
            first = [o for o in others if now - o.seen < RECENT and o.beyond(now, part) < limit]
            if not first:
                return True
            running = share.running + sum(other.running for other in others)
            return running + sum(other.claims(now) for other in first) < self._at_once

    def part(self, now: float) -> float:
        """Return the seconds of work in a second that are the share of each address. Call with
        `lock`."""
        active = sum(now - share.seen < ACTIVE for share in self._shares.values())
        return self._at_once / max(2, active)  # another one may come at any time
