"""A scripted Home Assistant for a satellite on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from satellite.errors import WireError
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection
from tests.support.scripted_satellite import SOON

RATE = 22050
"""Rate of the sent sound in Hz."""


class ScriptedHomeAssistant:
    """A Home Assistant under a test's control, which answers pings by itself."""

    def __init__(self, connection: Connection) -> None:
        self.log: list[Event] = []
        """The satellite's events, without pings and pongs."""
        self.pongs = 0
        self.logs_pongs = False
        """Whether the log includes the answers to our pings."""
        self.alive = True
        """Whether it answers pings."""
        self.gone = False
        """Whether the satellite has closed the connection."""
        self.connection = connection
        self.patience = SOON
        """Seconds to wait for an expected event."""
        self._next = 0

    async def listen(self) -> None:
        while (event := await self.connection.read()) is not None:
            if event.type == "ping":
                if self.alive:
                    await self.send("pong", **event.data)
                continue
            self.pongs += event.type == "pong"
            if event.type != "pong" or self.logs_pongs:
                self.log.append(event)

    async def send(self, kind: str, payload: bytes | None = None, **data: Any) -> None:
        await self.connection.write(Event(kind, data, payload))

    async def expect(self, kind: str) -> Event:
        """Wait for the next event of a kind and skip the events before it."""
        async with asyncio.timeout(self.patience):
            while True:
                while self._next < len(self.log):
                    event = self.log[self._next]
                    self._next += 1
                    if event.type == kind:
                        return event
                await asyncio.sleep(0.001)

    async def past_chunks(self, passed: int) -> int:
        """Wait for an event after `passed` that is not part of an earlier run of chunks."""
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
        """Return the types of received events, with each run of chunks as one."""
        kinds = [event.type for event in self.log]
        return [k for i, k in enumerate(kinds) if i == 0 or k != kinds[i - 1]]

    def heard(self) -> bytes:
        """Return the received sound of the microphone."""
        return b"".join(event.payload or b"" for event in self.log if event.type == "audio-chunk")

    async def speak(self, seconds: float = 0.5, end: bool = True) -> None:
        """Send sound without pauses, as Home Assistant does."""
        form = {"rate": RATE, "width": 2, "channels": 1}
        await self.connection.write(AudioStart(**form, timestamp=0).event())
        for _ in range(round(seconds * RATE / 1024)):
            await self.connection.write(AudioChunk(**form, audio=b"\x10\x00" * 1024).event())
        if end:
            await self.connection.write(AudioStop().event())

    async def answer(self, asked: str, text: str, seconds: float = 0.5) -> None:
        """Send the events of a run from the transcript on."""
        await self.send("voice-stopped", timestamp=2000)
        await self.send("transcript", text=asked)
        await self.send("synthesize", text=text, voice={"name": "en", "language": None})
        await self.speak(seconds)

    def leave(self) -> None:
        """Abort the connection."""
        self.connection.abort()


@asynccontextmanager
async def connected_home_assistant(
    uri: str, drive: bool = True, patience: float = SOON
) -> AsyncGenerator[ScriptedHomeAssistant, None]:
    """Connect a Home Assistant during the block."""
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
