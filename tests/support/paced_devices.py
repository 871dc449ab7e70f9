"""A microphone and a speaker paced by the event loop's clock, which may be virtual."""

from __future__ import annotations

import asyncio

from satellite.errors import DeviceLost
from satellite.values import SPEECH, AudioFormat

FRAME = 512
"""Samples that the microphone delivers at once."""


class PacedMic:
    """Delivers supplied speech, and silence otherwise."""

    def __init__(self) -> None:
        self.finished = False
        self.overruns = 0
        self.is_open = False
        self.opened = 0
        self.given = 0
        """Samples delivered since the start."""
        self.losses = 0
        """Number of next reads that fail as if the device were gone."""
        self.missing: Exception | None = None
        """The error that opening raises, if any."""
        self._said = bytearray()
        self._due = 0.0

    @property
    def silent(self) -> bool:
        """Whether no speech is left to deliver."""
        return not self._said

    def say(self, *parts: tuple[bytes, float]) -> None:
        """Supply sound: a sample value and its seconds for each part."""
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
    """Plays in real time with a buffer of a quarter of a second, and measures the played sound."""

    buffer = 0.25

    def __init__(self) -> None:
        self.underruns = 0
        self.losses = 0
        """Number of next writes that fail as if the device were gone."""
        self.played = 0.0
        """Seconds of sound played since the start."""
        self._dry = 0.0

    @property
    def waiting(self) -> float:
        return max(0.0, self._dry - asyncio.get_running_loop().time())

    @property
    def silent(self) -> bool:
        """Whether no sound is playing now."""
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
