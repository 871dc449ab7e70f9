"""Microphones, speakers and hooks that break one promise each."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from satellite.events import Event, Timer
from satellite.values import SPEECH, AudioFormat
from tests.conformance.engines import GoodHook, GoodMic, GoodSpeaker


class NoFormat(GoodMic):
    async def open(self) -> Any:
        return None


class HalfFrames(GoodMic):
    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return bytes(321)


class BlockingMic(GoodMic):
    async def read(self) -> bytes:
        time.sleep(0.3)  # noqa: ASYNC251 - the fault that the check finds
        return bytes(320)


class ClosesOnceMic(GoodMic):
    closed = 0

    async def close(self) -> None:
        self.closed += 1
        if self.closed > 1:
            raise RuntimeError("closed already")


class OtherFormatLater(GoodMic):
    opened = False

    async def open(self) -> AudioFormat:
        form = AudioFormat(8000) if self.opened else SPEECH
        self.opened = True
        return form


class ForgetsOverruns(GoodMic):
    async def read(self) -> bytes:
        self.overruns -= 1
        return await super().read()


class UnstoppableMic(GoodMic):
    async def read(self) -> bytes:
        ends = time.monotonic() + 0.01
        while time.monotonic() < ends:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                ends = time.monotonic() + 3.0
        return bytes(320)


class NeverDrains(GoodSpeaker):
    async def drain(self) -> None:
        await asyncio.Event().wait()


class DrainsOnlySound(GoodSpeaker):
    played = False

    async def write(self, audio: bytes) -> None:
        self.played = True
        await super().write(audio)

    async def drain(self) -> None:
        if not self.played:
            raise RuntimeError("nothing was written")
        await super().drain()


class PlaysOn(GoodSpeaker):
    async def write(self, audio: bytes) -> None:
        self.left += len(audio) / SPEECH.bytes_of(1)

    async def stop(self) -> None:
        while self.left > 0:
            await self._play()


class LeavesWriter(GoodSpeaker):
    async def write(self, audio: bytes) -> None:
        self.writer = asyncio.create_task(asyncio.sleep(3))
        await super().write(audio)
        self.writer.cancel()


class CountsInWords(GoodSpeaker):
    underruns: Any = "none"


class DislikesTimers(GoodHook):
    async def handle(self, event: Event) -> None:
        if isinstance(event, Timer):
            raise KeyError("timer")


class UnstoppableHook(GoodHook):
    async def handle(self, event: Event) -> None:
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            await asyncio.sleep(3)


BROKEN_DEVICES: list[tuple[str, Any, str, str]] = [
    ("mic", NoFormat, "opens-in-a-usable-format", "open returned NoneType"),
    ("mic", HalfFrames, "reads-whole-frames", "read returned 321 bytes"),
    ("mic", BlockingMic, "leaves-the-loop-free", "blocked the event loop for"),
    ("mic", ClosesOnceMic, "closes-twice", "raised RuntimeError: closed already"),
    ("mic", OtherFormatLater, "opens-again", "after opening again"),
    ("mic", ForgetsOverruns, "counts-overruns", "overruns has fallen"),
    ("mic", UnstoppableMic, "stops-reading", "a cancelled read did not end"),
    ("speaker", NeverDrains, "plays-to-the-end", "the first drain did not end within 2 s"),
    ("speaker", DrainsOnlySound, "drains-without-sound", "raised RuntimeError"),
    ("speaker", PlaysOn, "stops-at-once", "stop did not end within 2 s"),
    ("speaker", LeavesWriter, "stops-writing", "a cancelled write left tasks behind"),
    ("speaker", CountsInWords, "counts-underruns", "underruns is 'none'"),
    ("hook", DislikesTimers, "handles-every-event", "handle(timer) raised KeyError"),
    ("hook", UnstoppableHook, "stops-handling", "a cancelled call did not end"),
]
