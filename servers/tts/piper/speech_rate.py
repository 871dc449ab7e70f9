"""How long it takes to speak, and so how much of a text there is time for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_FIRST = 0.01
"""Seconds for a character, before any was measured: five times quicker than it is spoken."""
_WEIGHT = 0.3
"""Of the last measurement, against all before: a change is known after three or four."""
_SHARE = 0.5
"""Of the time there is, so that a piece may take twice as long as expected."""


class SpeechRate:
    """Measures seconds per character. Any thread may; of two at once, one may go uncounted."""

    def __init__(self) -> None:
        self.seconds = _FIRST
        """For a character, of late."""

    @contextmanager
    def measured(self, characters: int) -> Iterator[None]:
        """Measure a block that speaks so many characters; one that fails does not count."""
        began = time.monotonic()
        yield
        took = (time.monotonic() - began) / max(1, characters)
        self.seconds += _WEIGHT * (took - self.seconds)

    def fitting(self, seconds: float) -> float:
        """Characters that can be expected to be spoken in time."""
        return _SHARE * seconds / max(self.seconds, 1e-6)
