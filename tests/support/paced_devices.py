"""A microphone and a speaker that take their time by the event loop's clock, virtual or not."""

from __future__ import annotations

import asyncio

from satellite.errors import DeviceLost
from satellite.values import SPEECH, AudioFormat

FRAME = 512
"""Samples that the microphone gives at once."""


class PacedMic:
    """Hears what is said to it, and silence else."""

    def __init__(self) -> None:
        self.finished = False
        self.overruns = 0
        self.is_open = False
        self.opened = 0
        self.given = 0
        """Samples, since it was made."""
        self.losses = 0
        """How many of the next reads find no device."""
        self.missing: Exception | None = None
        """Why it cannot be opened now."""
        self._said = bytearray()
        self._due = 0.0

    @property
    def silent(self) -> bool:
        """Nothing is left to be said."""
        return not self._said

    def say(self, *parts: tuple[bytes, float]) -> None:
        """Say so many seconds of each of these samples."""
        for sample, seconds in parts:
            self._said += sample * FRAME * max(1, round(seconds * SPEECH.rate / FRAME))

    async def open(self) -> AudioFormat:
        if self.missing is not None:
            raise self.missing
        self.is_open = True
        self.opened += 1
        self._due = asyncio.get_running_loop().time()
        return SPEECH

    async def read(self) -> bytes:
        self._due += FRAME / SPEECH.rate
        await asyncio.sleep(max(0.0, self._due - asyncio.get_running_loop().time()))
        if self.losses:
            self.losses -= 1
            raise DeviceLost("the microphone was unplugged")
        size = FRAME * SPEECH.frame_bytes
        frame, self._said = bytes(self._said[:size]), self._said[size:]
        self.given += FRAME
        return frame or bytes(size)

    async def close(self) -> None:
        self.is_open = False


class PacedSpeaker:
    """Plays at its own pace, with a buffer of a quarter of a second; knows what it has played."""

    buffer = 0.25

    def __init__(self) -> None:
        self.underruns = 0
        self.losses = 0
        """How many of the next writes find no device."""
        self.played = 0.0
        """Seconds that were really heard, since it was made."""
        self._dry = 0.0

    @property
    def waiting(self) -> float:
        return max(0.0, self._dry - asyncio.get_running_loop().time())

    @property
    def silent(self) -> bool:
        """Nothing is to be heard from it now."""
        return not self.waiting

    async def open(self) -> AudioFormat:
        return SPEECH

    async def write(self, audio: bytes) -> None:
        if self.losses:
            self.losses -= 1
            raise DeviceLost("the speaker was unplugged")
        seconds = SPEECH.seconds(audio)
        self._dry = self.waiting + seconds + asyncio.get_running_loop().time()
        self.played += seconds
        await asyncio.sleep(max(0.0, self.waiting - self.buffer))

    async def drain(self) -> None:
        await asyncio.sleep(self.waiting)

    async def stop(self) -> None:
        self.played -= self.waiting
        self._dry = 0.0

    async def close(self) -> None:
        await self.stop()
