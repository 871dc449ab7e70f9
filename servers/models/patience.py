"""How often a broken download is taken up again, and how long is waited for what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from satellite.errors import DownloadFailed
from servers.models.progress import Progress

T = TypeVar("T")

LONGEST_ASKED = 60.0
"""Seconds: a server that asks for a longer pause (Retry-After) is not waited for any longer."""


class Broken(Exception):
    """A transfer broke off or a server was not able for now; trying again may help."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause
        """Seconds that the server asked to wait."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Bounds of every wait for a server. Pauses double: 0.5, 1, 2, 4, 8 s, near 16 s in all."""

    tries: int = 6
    """Tries without progress in a row; the last one's failure is the download's."""
    pause: float = 0.5
    """Seconds before the second try."""
    connect: float = 10.0
    """Seconds for a connection to be made."""
    read: float = 30.0
    """Seconds without a byte."""

    def keep_trying(
        self,
        action: Callable[[], T],
        what: str,
        progress: Progress,
        gained: Callable[[], bool] = lambda: False,
        advice: str = "what came is kept, and the next pull goes on from there",
    ) -> T:
        """Call until it does not raise `Broken`; a try that `gained` something starts the count
        anew. Raises `DownloadFailed` with the last reason and the advice when the tries are used
        up.
        """
        failures = 0
        while True:
            try:
                return action()
            except Broken as error:
                failures = 1 if gained() else failures + 1
                if failures >= self.tries:
                    raise DownloadFailed(f"{what}: {error} ({failures} tries); {advice}") from error
                pause = error.pause or self.pause * 2 ** (failures - 1)
                pause = min(pause, LONGEST_ASKED)
                progress.tell(f"{what}: {error}; trying again in {pause:.2g} s")
                time.sleep(pause)
