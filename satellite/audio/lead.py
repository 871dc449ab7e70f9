"""The lead of sound that was handed on over its playback."""

from __future__ import annotations

import time


class Lead:
    """Counts seconds of sound handed on against the clock, from the first of them on.

    The player is assumed to begin at once and to wait when it has nothing: then the lead is 0 until
    there is more.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.dry = time.monotonic() + seconds
        """The end of playback on the monotonic clock, past or future."""

    @property
    def seconds(self) -> float:
        """Seconds of sound still to be played."""
        return max(0.0, self.dry - time.monotonic())

    def add(self, seconds: float) -> None:
        """Count seconds of sound that were handed on."""
        self.dry = max(self.dry, time.monotonic()) + seconds
