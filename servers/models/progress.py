"""Reports of a download's progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a download, on the thread that downloads.

    An exception raised by a method ends the download, which the next pull resumes.
    """

    def begin(self, model: str, total: int, done: int) -> None:
        """Start: bytes of all files together, and how many of them are here already.

        Called again with the same model when the total grows.
        """

    def advance(self, count: int) -> None:
        """Count bytes that have come; a negative count of bytes that were discarded."""

    def report(self, text: str) -> None:
        """Report an event in words, such as a pause before another try."""

    def end(self) -> None:
        """End, complete or not."""


class NoProgress:
    """Ignores all progress."""

    def begin(self, model: str, total: int, done: int) -> None:
        """Do nothing."""

    def advance(self, count: int) -> None:
        """Do nothing."""

    def report(self, text: str) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""
