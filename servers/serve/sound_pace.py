"""How fast the sound of one request arrives at its engine."""

from __future__ import annotations

import asyncio
from collections import deque

WINDOW = 8.0
"""Seconds over which the pace is measured: a Wi-Fi that loses a second or two is not slow."""
FIRST = 4.0
"""Seconds for which an engine waits for sound before the pace is judged."""
LEAST = 0.5
"""Least pace, in seconds of sound for each second. A microphone sends 1.0 all the time, silence and
pauses of the speaker included; half of that allows for a connection that stood still for half of
the window. Sound of a file comes faster."""


class SoundPace:
    """Counts the seconds of sound that an engine took, for each second of the last ones."""

    def __init__(self) -> None:
        self._since = asyncio.get_running_loop().time()
        self._arrived: deque[list[float]] = deque()
        """The latest seconds of the clock, each with the seconds of sound that arrived in it."""

    def add(self, seconds: float) -> None:
        """Count sound that was just taken."""
        now = asyncio.get_running_loop().time() // 1
        if self._arrived and self._arrived[-1][0] == now:
            self._arrived[-1][1] += seconds
            return
        self._arrived.append([now, seconds])
        while self._arrived[0][0] < now - WINDOW:
            self._arrived.popleft()

    def since_start(self, now: float) -> float:
        """Return the seconds since the engine began to take the sound."""
        return now - self._since

    def slowness(self, now: float) -> str:
        """Return in words how little has arrived in the window; empty if it was enough."""
        window = min(now - self._since, WINDOW)
        if window < FIRST:
            return ""
        arrived = sum(seconds for when, seconds in self._arrived if when >= now - window - 1)
        if arrived >= LEAST * window:
            return ""
        return f"only {arrived:.1f} s of sound arrived in {window:.0f} s, and others wait"
