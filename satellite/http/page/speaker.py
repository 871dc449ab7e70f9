"""The speaker of a browser: samples over the network, and reports of what was played."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from satellite.http.page.outgoing import Outgoing
from satellite.values import AudioFormat

FORMAT = AudioFormat(rate=24_000)
"""What a browser is sent: voices have 16 to 24 kHz, and it converts to the rate of its device."""

LEAD = 1.5
"""Seconds of sound that a browser holds in advance, against a network that stutters."""

STILL = 2.0
"""Seconds without a report after which a browser plays nothing: it was not touched yet, or sleeps.
"""

BETWEEN = 0.15
"""Seconds between two reports while a browser plays, at most, which the clock stands for."""


class BrowserSpeaker:
    """A speaker: see `satellite.ports.Speaker`."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.plays = True
        """Whether the browser plays; otherwise the answers are only shown, at the same pace."""
        self._outgoing = outgoing
        self._epoch = 0
        self._sent = 0
        self._played = 0
        self._reported = 0.0
        self._gaps = 0
        self._due = 0.0
        """When all of the sound would have been heard, by the clock."""
        self._moved = asyncio.Event()

    @property
    def underruns(self) -> int:
        """How often the browser ran dry within a piece of sound."""
        return self._gaps

    @property
    def waiting(self) -> float:
        """Seconds of sound that were sent and are not played."""
        now = asyncio.get_running_loop().time()
        if not self._is_reporting(now):
            return max(0.0, self._due - now)
        held = (self._sent - self._played) / FORMAT.rate
        return max(0.0, held - min(BETWEEN, now - self._reported))

    def report(self, epoch: int, samples: int, gaps: int) -> None:
        """Take a browser's report."""
        if epoch != self._epoch:
            return
        self._played = min(samples, self._sent)
        self._gaps = max(self._gaps, gaps)
        self._reported = asyncio.get_running_loop().time()
        self._moved.set()

    async def open(self) -> AudioFormat:
        return FORMAT

    async def write(self, audio: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._due and self._played >= self._sent:
            self._reported = now  # a new sound: the browser has time for its first report
        self._due = max(self._due, now) + FORMAT.seconds(audio)
        self._sent += len(audio) // FORMAT.frame_bytes
        if self.plays:
            self._outgoing.put_sound(audio)
        await self._wait(LEAD)

    async def drain(self) -> None:
        if self._sent:
            await self._wait(0.0)
            self._outgoing.put({"event": "played", "epoch": self._epoch})

    async def stop(self) -> None:
        self._epoch += 1
        self._sent = self._played = 0
        self._due = 0.0
        self._outgoing.drop_sound()
        self._outgoing.put({"event": "hush", "epoch": self._epoch})
        self._moved.set()

    async def close(self) -> None:
        """Do nothing: the browser's connection is not ours to close."""

    def _is_reporting(self, now: float) -> bool:
        return self.plays and now - self._reported < STILL

    async def _wait(self, lead: float) -> None:
        """Wait until the browser holds at most `lead` seconds."""
        epoch = self._epoch
        while epoch == self._epoch and (waiting := self.waiting) > lead:
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, min(waiting - lead, BETWEEN))):
                    await self._moved.wait()
