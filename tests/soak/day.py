"""What came of a day in a home."""

from __future__ import annotations

import statistics

import msgspec

_MEGABYTES = 8.0
"""Megabytes by which memory may differ between morning and evening: of what is freed, the allocator
keeps some."""
_SETTLED = 0.34
"""Share of the day after which everything was done once, and memory is measured."""


class Day(msgspec.Struct):
    """What came of it."""

    outcomes: dict[str, int] = {}
    by_server: int = 0
    missed: list[str] = []
    memory: list[float] = []
    """Megabytes, after each hour."""

    @property
    def growth(self) -> float:
        """Megabytes from the first third's end to the evening."""
        settled = self.memory[round(len(self.memory) * _SETTLED) :]
        half = max(1, len(settled) // 3)
        return statistics.mean(settled[-half:]) - statistics.mean(settled[:half])

    def problems(self) -> list[str]:
        """What is not as it shall be."""
        found = [f"after {what} the server was not used again" for what in self.missed]
        if bad := {name: n for name, n in self.outcomes.items() if name != "answered"}:
            found.append(f"turns that were not answered: {bad}")
        if self.growth > _MEGABYTES:
            found.append(f"memory grew by {self.growth:.1f} MB")
        return found
