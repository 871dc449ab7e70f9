"""The results of a day in a home."""

from __future__ import annotations

import statistics

import msgspec

from tests.soak.process_state import ProcessState

_MEGABYTES = 8.0
"""Megabytes by which memory may differ between morning and evening: the allocator does not return
all freed memory."""
_SETTLED = 0.34
"""Share of the day after which everything has happened once; from then on resources are
compared."""


class DayReport(msgspec.Struct):
    """The results."""

    outcomes: dict[str, int] = {}
    by_server: int = 0
    by_home: int = 0
    """Completed turns driven by Home Assistant."""
    busy: int = 0
    """Turns not answered because the machine was too busy to process audio."""
    missed: list[str] = []
    held: list[ProcessState] = []
    """Resources of the satellite after each hour."""

    @property
    def growth(self) -> float:
        """Megabytes gained from the end of the first third to the evening."""
        morning, evening = self._compared()
        return statistics.mean(s.rss for s in evening) - statistics.mean(s.rss for s in morning)

    def grown(self) -> list[str]:
        """Resources that the satellite released at no time of the evening."""
        morning, evening = self._compared()
        found = []
        for name in ("tasks", "threads", "descriptors"):
            before = max(getattr(state, name) for state in morning)
            after = min(getattr(state, name) for state in evening)
            if after > before:
                found.append(f"{name}: {before} in the morning, {after} in the evening")
        if self.growth > _MEGABYTES:
            found.append(f"memory grew by {self.growth:.1f} MB")
        return found

    def problems(self) -> list[str]:
        """The failed expectations."""
        found = [f"after {what} the server was not used again" for what in self.missed]
        if bad := {name: n for name, n in self.outcomes.items() if name != "answered"}:
            found.append(f"turns that were not answered: {bad}")
        return [*found, *self.grown()]

    def report(self) -> str:
        """The report for a reader."""
        turns = sum(self.outcomes.values())
        morning, evening = self._compared()
        lines = [
            f"{turns} turns: {self.outcomes}; {self.by_server} of them by the server, "
            f"{self.by_home} by Home Assistant; {self.busy} more on too busy a machine",
            f"memory: {' '.join(f'{state.rss:.0f}' for state in self.held)} MB; "
            f"{self.growth:+.1f} MB",
        ]
        for name in ("tasks", "threads", "descriptors", "busy"):
            values = [[getattr(state, name) for state in part] for part in (morning, evening)]
            before, after = (f"{min(part)} to {max(part)}" for part in values)
            lines.append(f"{name}: {before} in the morning, {after} in the evening")
        return "\n".join(lines)

    def _compared(self) -> tuple[list[ProcessState], list[ProcessState]]:
        """The first and the last third of the day after everything has settled."""
        settled = self.held[round(len(self.held) * _SETTLED) :]
        part = max(1, len(settled) // 3)
        return settled[:part], settled[-part:]
