"""How many bytes are held for all peers of a service together."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from satellite.errors import EngineBusy

MOST = 128 * 1024 * 1024
"""Bytes: over an hour of 16 kHz sound, for every service."""


class MemoryBudget:
    """An account of what was received and is not used up yet."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.now = 0

    def add(self, size: int) -> None:
        """Note bytes that came. Raises `EngineBusy`, and notes nothing, where they are too many."""
        if self.now + size > self.most:
            raise EngineBusy(
                f"{self.most} bytes are held for all clients together, and no more are taken "
                "(limits.held)"
            )
        self.now += size

    def remove(self, size: int) -> None:
        """Note bytes that were used up or dropped."""
        self.now -= size

    @contextmanager
    def growing(self) -> Generator[Callable[[int], None], None, None]:
        """What is added with the function that is yielded counts until the end of the block."""
        size = 0

        def add(more: int) -> None:
            nonlocal size
            self.add(more)
            size += more

        try:
            yield add
        finally:
            self.remove(size)
