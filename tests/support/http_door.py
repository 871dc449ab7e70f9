"""The HTTP door of a program with routes of its own, at real ports, and its clients."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from satellite.http.body import read_body
from satellite.http.browsers import Browsers
from satellite.http.certificate import HttpsCertificate
from satellite.http.door import satellite_door
from satellite.http.route import Route, caller, json_answer
from satellite.http.server import http_server
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.net.pairing import Pairing
from satellite.settings import HttpSettings, PairingSettings, Settings
from tests.support.ports import free_ports

CODE = "12345678"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0"


class OpenDoor:
    """A door that is open, and what it stores."""

    def __init__(self, settings: Settings) -> None:
        http = settings.http
        keys = Pairing(settings.pairing).keys
        self.settings = settings
        self.browsers = Browsers(keys)
        self.certificate = HttpsCertificate(keys, settings.name, http)
        self.local = f"http://127.0.0.1:{http.port}"
        self.lan = f"https://127.0.0.1:{http.https_port}"
        self.port = http.https_port
        self.memory = MemoryBudget()
        self.received: list[bytes] = []
        """Bodies and messages that handlers have got."""

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/", self.page, public=True),
            Route("GET", "/api/state", self.state),
            Route("POST", "/api/take", self.take),
            Route("GET", "/api/much", self.much),
            Route("GET", "/talk", self.talk),
        ]

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="the page")

    async def state(self, request: web.Request) -> web.StreamResponse:
        return json_answer({"how": caller().how})

    async def take(self, request: web.Request) -> web.StreamResponse:
        with reserved(self.memory) as add:
            self.received.append(await read_body(request, add))
        return json_answer({})

    async def much(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65536))

    async def talk(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=65536)
        await socket.prepare(request)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.received.append(message.data)
                await socket.send_bytes(b"heard")
        return socket

    async def trusting(self) -> ssl.SSLContext:
        """Return the TLS of a client that trusts the certificate of the door, and checks names."""
        made = await asyncio.to_thread(self.certificate.ensure)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(made.certificate)
        return context

    @asynccontextmanager
    async def client(self, **more: Any) -> AsyncIterator[aiohttp.ClientSession]:
        """Yield a client that trusts the certificate; it stores cookies as browsers do."""
        connector = aiohttp.TCPConnector(ssl=await self.trusting())
        jar = aiohttp.CookieJar(unsafe=True)  # for addresses, too
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=jar, headers={"User-Agent": FIREFOX}, **more
        ) as session:
            yield session

    async def shows_code(self) -> None:
        """Show a code, and wait until the port of HTTPS is open."""
        await asyncio.to_thread(self.browsers.show, CODE)
        await self.opened()

    async def opened(self) -> None:
        """Wait until the port of HTTPS accepts connections."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return

    async def log_in(self, session: aiohttp.ClientSession, code: str = CODE) -> int:
        """Log a client in, and return the status."""
        async with session.post(self.lan + "/api/login", json={"code": code}) as response:
            return response.status

    async def status(self, session: aiohttp.ClientSession, path: str = "", **more: Any) -> int:
        """Return the status that a client gets at a path of the port of HTTPS."""
        async with session.get(self.lan + (path or "/api/state"), **more) as response:
            return response.status


@asynccontextmanager
async def open_door(place: Path, **http: Any) -> AsyncIterator[OpenDoor]:
    """Open a door whose program stores its keys in a folder; `http` are settings."""
    port, https_port = free_ports(2)
    settings = Settings(
        name="den",
        http=HttpSettings(**{"port": port, "https_port": https_port, **http}),
        pairing=PairingSettings(folder=str(place)),
    )
    door = OpenDoor(settings)
    async with (
        asyncio.timeout(30),
        http_server(settings, satellite_door(settings), [door.routes]),
    ):
        yield door
