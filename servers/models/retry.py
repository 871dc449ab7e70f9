"""Retries of downloads, and the timeouts of each try."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from satellite.errors import DownloadFailed
from servers.models.progress import Progress

T = TypeVar("T")

LONGEST_ASKED = 60.0
"""Seconds of the longest pause that a server may ask for (Retry-After)."""


class TransientError(Exception):
    """The transfer broke off or the server is unavailable; another try may help."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause
        """Seconds that the server asked to wait; None where it did not ask."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Bounds of every wait for a server. Pauses double: 0.5, 1, 2, 4, 8 s, 15.5 s in all."""

    tries: int = 6
    """Tries in a row without progress before the download fails."""
    pause: float = 0.5
    """Seconds before the second try."""
    connect: float = 10.0
    """Seconds to connect."""
    read: float = 30.0
    """Seconds without a byte."""

    def keep_trying(
        self,
        action: Callable[[], T],
        what: str,
        progress: Progress,
        gained: Callable[[], bool] = lambda: False,
        advice: str = "the next pull resumes from here",
    ) -> T:
        """Call `action` until it does not raise `TransientError`, and return its result.

        `what` names the download in messages; a try after which `gained` returns true resets the
        count. Raises `DownloadFailed` with the last reason and the advice when the tries are used
        up.
        """
        failures = 0
        while True:
            try:
                return action()
            except TransientError as error:
                failures = 1 if gained() else failures + 1
                if failures >= self.tries:
                    raise DownloadFailed(f"{what}: {error} ({failures} tries); {advice}") from error
                pause = error.pause or self.pause * 2 ** (failures - 1)
                pause = min(pause, LONGEST_ASKED)
                progress.report(f"{what}: {error}; trying again in {pause:.2g} s")
                time.sleep(pause)
