"""How far sound that was handed on is ahead of its playing."""

from __future__ import annotations

import time


class Lead:
    """Counts seconds handed on against the clock, from the first of them on.

    Whoever plays them is taken to begin at once and to wait when there is nothing: then the lead is
    0 until there is more.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.dry = time.monotonic() + seconds
        """When everything will have been played, or was, on the monotonic clock."""

    @property
    def seconds(self) -> float:
        """Sound that is still to be played."""
        return max(0.0, self.dry - time.monotonic())

    def add(self, seconds: float) -> None:
        """Sound was handed on."""
        self.dry = max(self.dry, time.monotonic()) + seconds
