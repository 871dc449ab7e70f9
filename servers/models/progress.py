"""How a download tells what it does."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how a download goes, on the thread that downloads.

    What a method raises ends the download; what had come is kept for the next one.
    """

    def begin(self, model: str, total: int, done: int) -> None:
        """It starts: bytes of all files together, and how many were here already.

        Called again with the same model when more bytes turn out to be due.
        """

    def advance(self, count: int) -> None:
        """So many bytes more are here; fewer when negative: what was wrong is thrown away."""

    def tell(self, text: str) -> None:
        """Something people should know: it waits, it tries again."""

    def end(self) -> None:
        """It is over, whole or not."""


class Silent:
    """Tells nobody."""

    def begin(self, model: str, total: int, done: int) -> None:
        """Say nothing."""

    def advance(self, count: int) -> None:
        """Say nothing."""

    def tell(self, text: str) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""
