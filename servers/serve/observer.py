"""What a service tells of its work: every connection, and every request when it has ended."""

from __future__ import annotations

import msgspec

DONE = "done"
"""Outcome of a request that was answered."""
CANCELLED = "cancelled"
"""Outcome of a request whose client went away, or began another one, or was sent away."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A request, seen from its end. Times in seconds."""

    role: str
    engine: str
    outcome: str
    """`DONE`, `CANCELLED`, or the code of the error that it ended with."""
    amount: float
    """How much was asked: seconds of audio, or characters of text."""
    unit: str
    """`s` or `characters`."""
    first: float | None
    """From its beginning to the first result; None where there was none."""
    after: float | None
    """From the end of what the client sent to the last result: what its user waited for."""
    whole: float
    """From its beginning to its end."""

    def __str__(self) -> str:
        said = f"audio={self.amount:.2f}s" if self.unit == "s" else f"characters={self.amount:.0f}"
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
            (f"{self.role} request: engine={self.engine}", said, *times, f"outcome={self.outcome}")
        )


class Observer:
    """Somebody who wants to know; this one does not."""

    def connected(self) -> None:
        """A client came."""

    def left(self) -> None:
        """A client that had come is gone."""

    def refused(self, code: str) -> None:
        """A client was turned away or dropped, or a request was not even begun."""

    def finished(self, record: Record) -> None:
        """A request has ended."""
