"""A limit of the bytes that are buffered for all peers of a service together."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from satellite.errors import EngineBusy

MOST = 128 * 1024 * 1024
"""Bytes for each service: over an hour of 16 kHz audio."""


class MemoryBudget:
    """Counts the bytes that were received and not processed yet."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.used = 0

    def add(self, size: int) -> None:
        """Count received bytes. Raises `EngineBusy`, and counts none of them, if they are too
        many."""
        if self.used + size > self.most:
            raise EngineBusy(
                f"{self.most} bytes are buffered for all clients together, which is the limit "
                "(limits.held)"
            )
        self.used += size

    def remove(self, size: int) -> None:
        """Uncount bytes that were processed or dropped."""
        self.used -= size

    @contextmanager
    def reserved(self) -> Generator[Callable[[int], None], None, None]:
        """Yield a function that counts bytes until the end of the block."""
        size = 0

        def add(more: int) -> None:
            nonlocal size
            self.add(more)
            size += more

        try:
            yield add
        finally:
            self.remove(size)
