"""Reports of a service's connections and finished requests."""

from __future__ import annotations

import msgspec

DONE = "done"
"""Outcome of an answered request."""
CANCELLED = "cancelled"
"""Outcome of a request whose client disconnected, began another request, or was dropped."""


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A finished request. Times are in seconds."""

    role: str
    engine: str
    outcome: str
    """`DONE`, `CANCELLED`, or the code of an error."""
    amount: float
    """Size of the input: seconds of audio, or characters of text."""
    unit: str
    """`s` or `characters`."""
    first: float | None
    """From the start to the first result; None without results."""
    after: float | None
    """From the end of the input to the last result: the user's wait."""
    whole: float
    """From the start to the end."""

    def __str__(self) -> str:
        amount = (
            f"audio={self.amount:.2f}s" if self.unit == "s" else f"characters={self.amount:.0f}"
        )
        times = [
            f"{name}={seconds:.3f}s"
            for name, seconds in (
                ("first", self.first),
                ("after", self.after),
                ("whole", self.whole),
            )
            if seconds is not None
        ]
        return " ".join(
            (
                f"{self.role} request: engine={self.engine}",
                amount,
                *times,
                f"outcome={self.outcome}",
            )
        )


class Observer:
    """Receives the reports; this one ignores them."""

    def connected(self) -> None:
        """A client connected."""

    def disconnected(self) -> None:
        """A client disconnected."""

    def refused(self, code: str) -> None:
        """A client was refused or dropped, or a request was refused."""

    def finished(self, record: RequestRecord) -> None:
        """A request ended."""
