"""A scripted Home Assistant, for a satellite on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from satellite.errors import WireError
from satellite.net.dial import connect
from satellite.net.pairing import Pairing
from satellite.net.wire import Connection
from tests.support.scripted_satellite import SOON

RATE = 22050
"""Of the sound that it sends, in Hz."""


class ScriptedHomeAssistant:
    """A Home Assistant that does what it is told, but for pings, which it answers by itself."""

    def __init__(self, connection: Connection) -> None:
        self.log: list[Event] = []
        """What the satellite sent, pings and pongs left out."""
        self.pongs = 0
        self.tells_pongs = False
        """The log has the answers to our pings, too."""
        self.alive = True
        """It answers pings."""
        self.gone = False
        """The satellite has hung up."""
        self.connection = connection
        self.patience = SOON
        """Seconds in which what is expected happens."""
        self._next = 0

    async def listen(self) -> None:
        while (event := await self.connection.read()) is not None:
            if event.type == "ping":
                if self.alive:
                    await self.send("pong", **event.data)
                continue
            self.pongs += event.type == "pong"
            if event.type != "pong" or self.tells_pongs:
                self.log.append(event)

    async def send(self, kind: str, payload: bytes | None = None, **data: Any) -> None:
        await self.connection.write(Event(kind, data, payload))

    async def expect(self, kind: str) -> Event:
        """The next event of a kind; what comes before it is passed over."""
        async with asyncio.timeout(self.patience):
            while True:
                while self._next < len(self.log):
                    event = self.log[self._next]
                    self._next += 1
                    if event.type == kind:
                        return event
                await asyncio.sleep(0.001)

    async def past_chunks(self, passed: int) -> int:
        """Wait for an event after so many that is of no row of chunks that began before."""
        async with asyncio.timeout(SOON):
            while True:
                while 0 < passed < len(self.log) and (
                    self.log[passed].type == self.log[passed - 1].type == "audio-chunk"
                ):
                    passed += 1
                if passed < len(self.log):
                    return passed
                await asyncio.sleep(0.001)

    def kinds(self) -> list[str]:
        """The kinds of events that came, each row of chunks as one."""
        kinds = [event.type for event in self.log]
        return [k for i, k in enumerate(kinds) if i == 0 or k != kinds[i - 1]]

    def heard(self) -> bytes:
        """The microphone's sound that came."""
        return b"".join(event.payload or b"" for event in self.log if event.type == "audio-chunk")

    async def speak(self, seconds: float = 0.5, end: bool = True) -> None:
        """Send sound, at once, as Home Assistant does."""
        form = {"rate": RATE, "width": 2, "channels": 1}
        await self.connection.write(AudioStart(**form, timestamp=0).event())
        for _ in range(round(seconds * RATE / 1024)):
            await self.connection.write(AudioChunk(**form, audio=b"\x10\x00" * 1024).event())
        if end:
            await self.connection.write(AudioStop().event())

    async def answer(self, asked: str, text: str, seconds: float = 0.5) -> None:
        """A run's events from the transcript on."""
        await self.send("voice-stopped", timestamp=2000)
        await self.send("transcript", text=asked)
        await self.send("synthesize", text=text, voice={"name": "en", "language": None})
        await self.speak(seconds)

    def leave(self) -> None:
        """Die without a word."""
        self.connection.abort()


@asynccontextmanager
async def connected_home_assistant(
    uri: str, drive: bool = True, patience: float = SOON
) -> AsyncGenerator[ScriptedHomeAssistant, None]:
    """A Home Assistant that is connected."""
    connection = await connect(uri, SOON, pairing=Pairing())
    home = ScriptedHomeAssistant(connection)
    home.patience = patience
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(_listen(home))
        try:
            if drive:
                await home.send("run-satellite")
                await home.send("describe")
                await home.expect("info")
            yield home
        finally:
            listening.cancel()
            home.leave()


async def _listen(home: ScriptedHomeAssistant) -> None:
    with suppress(WireError):  # one of the two hung up
        await home.listen()
    home.gone = True
