"""A page with scripted engines, and a client of its WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from satellite.http.auth import Guard
from satellite.http.connections import listening_socket
from satellite.http.page.engines import SharedEngines
from satellite.http.page.house import House
from satellite.http.page.lazy_routes import make_page_routes
from satellite.http.server import guarded_server
from satellite.net.allowed import AllowedNetworks
from satellite.ports import EngineContext
from satellite.settings import Settings
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts

Json = dict[str, Any]

SETTINGS = Settings(name="den", vad="energy", zeroconf=False)


class Visitor:
    """A browser, as far as the WebSocket shows it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[Json] = []
        self.sound = b""
        self.closed: int | None = None
        self._changed = asyncio.Event()

    async def read(self) -> None:
        """Read until the connection ends; play everything at once."""
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.sound += message.data
            else:
                self.events.append(json.loads(message.data))
            self._changed.set()
        self.closed = self.socket.close_code
        self._changed.set()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a message."""
        await self.socket.send_json({"type": kind, **fields})

    def of(self, kind: str) -> list[Json]:
        """Return the events of a kind so far."""
        return [event for event in self.events if event["event"] == kind]

    async def until(self, true: Callable[[], Any], seconds: float = 10.0) -> Any:
        """Wait until something is true; return it."""
        async with asyncio.timeout(seconds):
            while not (value := true()):
                self._changed.clear()
                await self._changed.wait()
        return value

    async def answer(self, number: int = 0) -> str:
        """Return the whole text of an answer."""

        def found() -> list[Json]:
            return [reply for reply in self.of("reply") if reply["final"]][number:]

        text: str = (await self.until(found))[0]["text"]
        return text


class Visited:
    """A program that serves the page."""

    def __init__(self, address: str, house: House, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.house = house
        self.session = session

    @asynccontextmanager
    async def visitor(self, tab: str = "a", **hello: Any) -> AsyncGenerator[Visitor, None]:
        """Connect a browser during this block; `tab` is the first letter of its id."""
        async with self.session.ws_connect(f"{self.address}/page/socket") as socket:
            visitor = Visitor(socket)
            reading = asyncio.create_task(visitor.read())
            await visitor.send("hello", id=tab * 16, **hello)
            try:
                yield visitor
            finally:
                reading.cancel()


@asynccontextmanager
async def visited(
    llm: Any = None, asr: Any = None, tts: Any = None, settings: Settings = SETTINGS, **more: Any
) -> AsyncGenerator[Visited, None]:
    """Serve the page during this block."""
    engines = SharedEngines(
        context=EngineContext(),
        llm=llm or ScriptedLlm(),
        asr=asr or ScriptedAsr(),
        tts=tts or ScriptedTts(),
        **more,
    )
    house = House(settings, engines)
    async with (
        asyncio.timeout(60),
        guarded_server(
            listening_socket("127.0.0.1", 0),
            [partial(make_page_routes, house)],
            Guard(None),
            AllowedNetworks(("loopback",)),
        ) as address,
        aiohttp.ClientSession() as session,
    ):
        yield Visited(address, house, session)
