"""The measured rate of synthesis, and the amount of text that it allows in a given time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_FIRST = 0.01
"""Assumed seconds per character before the first measurement: five times faster than speech."""
_WEIGHT = 0.3
"""Weight of the last measurement against all earlier ones: it follows a change within three or
four."""
_SHARE = 0.5
"""Share of the available time to use, so that a piece may take twice as long as expected."""


class SpeechRate:
    """Measures seconds per character, on any thread; concurrent measurements may be lost."""

    def __init__(self) -> None:
        self.seconds = _FIRST
        """Recent seconds per character."""

    @contextmanager
    def measured(self, characters: int) -> Iterator[None]:
        """Measure a block that synthesizes this many characters; a failed block does not count."""
        began = time.monotonic()
        yield
        self.add(characters, time.monotonic() - began)

    def add(self, characters: int, seconds: float) -> None:
        """Count seconds in which this many characters were synthesized."""
        self.seconds += _WEIGHT * (seconds / max(1, characters) - self.seconds)

    def fitting(self, seconds: float) -> float:
        """Return the number of characters that can probably be synthesized in time."""
        return _SHARE * seconds / max(self.seconds, 1e-6)
