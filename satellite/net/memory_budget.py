"""A limit of the bytes that are buffered for all peers of this program together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from satellite.errors import EngineBusy
from satellite.lib.platform.memory import give_back

MOST = 128 * 1024 * 1024
"""Bytes for all ports of a program: over an hour of 16 kHz audio."""
SHARE = 0.75
"""Part of it that one address may use, so that no single one takes it all from the others. Clients
without an address, which are local programs on Unix sockets, have no such limit."""

MUCH = 16 * 1024 * 1024
"""Bytes in use at once from which freed memory is returned to the system, when three quarters are
free again. glibc holds it otherwise: 700 MB after an attack with announcements, as measured."""
FREED = 2.0
"""Seconds until then."""
AHEAD = 0.75
"""Part of it up to which buffers are filled ahead of their readers; the rest is for the next piece
of each client."""


class Budget(Protocol):
    """Counts the bytes of one peer, or of all."""

    @property
    def spare(self) -> int:
        """Bytes that may still be used to buffer ahead of what is needed at once."""

    def add(self, size: int) -> None:
        """Count received bytes. Raises `EngineBusy`, and counts none of them, if they are too
        many."""

    def add_always(self, size: int) -> None:
        """Count a few bytes that are held whatever the limit: of an answer that is being sent."""

    def remove(self, size: int) -> None:
        """Uncount bytes that were processed or dropped."""


class MemoryBudget:
    """Counts the bytes that were received and not processed yet, or computed and not yet sent."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.used = 0
        self._peak = 0
        self._by_address: Counter[str] = Counter()

    @property
    def spare(self) -> int:
        return max(0, int(self.most * AHEAD) - self.used)

    def add(self, size: int) -> None:
        if self.used + size > self.most:
            raise EngineBusy(
                f"{self.most} bytes are buffered for all clients together, which is the limit "
                "(limits.held)"
            )
        self.add_always(size)

    def add_always(self, size: int) -> None:
        self.used += size
        self._peak = max(self._peak, self.used)

    def remove(self, size: int) -> None:
        self.used -= size
        if self._peak >= MUCH and self.used <= self._peak // 4:
            self._peak = self.used
            self._give_back_later()

    def _give_back_later(self) -> None:
        """Return freed memory to the system, once the present work is done."""
        try:
            asyncio.get_running_loop().call_later(FREED, give_back)
        except RuntimeError:  # nothing runs any more
            give_back()

    def of(self, address: str) -> Budget:
        """Return the budget of one address: part of this one."""
        return _AddressBudget(self, address, self._by_address) if address else self

    def part(self, most: int) -> MemoryBudget:
        """Return a budget with a limit of its own, whose bytes count in this one, too."""
        return _PartBudget(self, most)


class _PartBudget(MemoryBudget):
    """A budget within another one, which returns the memory of both."""

    def __init__(self, whole: MemoryBudget, most: int) -> None:
        super().__init__(most)
        self._whole = whole

    @property
    def spare(self) -> int:
        return min(super().spare, self._whole.spare)

    def add(self, size: int) -> None:
        if self.used + size > self.most:
            raise EngineBusy(
                f"{self.used} bytes wait to be played, and the limit is {self.most} (half of "
                "limits.held)"
            )
        self._whole.add(size)
        self.used += size

    def add_always(self, size: int) -> None:
        self.used += size
        self._whole.add_always(size)

    def remove(self, size: int) -> None:
        self.used -= size
        self._whole.remove(size)


class _AddressBudget:
    def __init__(self, whole: MemoryBudget, address: str, used: Counter[str]) -> None:
        self._whole = whole
        self._address = address
        self._used = used

    @property
    def spare(self) -> int:
        own = int(self._whole.most * SHARE) - self._used[self._address]
        return max(0, min(own, self._whole.spare))

    def add(self, size: int) -> None:
        if self._used[self._address] + size > self._whole.most * SHARE:
            raise EngineBusy(
                f"{self._used[self._address]} bytes are buffered for clients of {self._address}, "
                "which is the limit for one address (three quarters of limits.held)"
            )
        self._whole.add(size)
        self._used[self._address] += size

    def add_always(self, size: int) -> None:
        self._whole.add_always(size)
        self._used[self._address] += size

    def remove(self, size: int) -> None:
        self._whole.remove(size)
        self._used[self._address] -= size
        if self._used[self._address] <= 0:
            del self._used[self._address]


@contextmanager
def reserved(budget: Budget) -> Generator[Callable[[int], None], None, None]:
    """Yield a function that counts bytes in a budget until the end of the block.

    The function raises `EngineBusy` as `Budget.add` does.
    """
    size = 0

    def add(more: int) -> None:
        nonlocal size
        budget.add(more)
        size += more

    try:
        yield add
    finally:
        budget.remove(size)
