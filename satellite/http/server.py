"""The HTTP server of satellites and servers: listening sockets, admission, hand-over to aiohttp.

aiohttp takes 12 MB and 0.13 s of CPU time (a second or two on a Raspberry Pi), so that it is
imported only when a port has a use for it; see `satellite.http.application`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from satellite.errors import ConfigError, PortInUse
from satellite.http import token as tokens
from satellite.http.auth import Guard
from satellite.http.controls import Controls
from satellite.http.door import Door
from satellite.http.pages import Pages
from satellite.net.allowed import AllowedNetworks
from satellite.net.refusals import Refusals
from satellite.settings import Settings
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

    from satellite.http.route import MakeRoutes, Route

_LOGGER = logging.getLogger(__name__)

MOST = 32
"""Clients at once: a house has fewer panels and scripts."""

FIRST = 10.0
"""Seconds for the head of a client's first request to arrive."""

HEAD = 16 * 1024
"""Bytes of that head; a browser's has two thousand."""

_RETRY = 1.0
"""Seconds until the next attempt to accept where the system has no room for more connections."""

_END = 2.0
"""Seconds for clients to take pending answers when the server ends."""


@asynccontextmanager
async def http_server(
    settings: Settings, door: Door, routes: Sequence[MakeRoutes], pages: Pages | None = None
) -> AsyncGenerator[str | None, None]:
    """Serve routes and pages at a door during this block, and yield its address; None without one.

    `routes` are called once the first client has come; see the package. Where the port is the
    default one and taken, as by another satellite of this machine, warn and go on without HTTP.
    Raises `PortInUse`, and `ConfigError` for an address that is not ours or needs a token.
    """
    wanted = settings.http
    if not door.port:
        yield None
        return
    token = await asyncio.to_thread(tokens.read, wanted)
    tokens.check(wanted, token)
    try:
        listener = listening_socket(wanted.host, door.port, door.key)
    except PortInUse as error:
        if door.port != door.usual:
            raise
        _LOGGER.warning("no HTTP for this %s: %s", door.of, error)
        yield None
        return
    guard, allowed = Guard(token, wanted.origins), AllowedNetworks(settings.allow)
    async with guarded_server(listener, routes, guard, allowed, pages) as address:
        _LOGGER.info("HTTP: programs can use this %s at %s", door.of, address)
        yield address


@asynccontextmanager
async def guarded_server(
    listener: socket.socket,
    routes: Sequence[MakeRoutes],
    guard: Guard,
    allowed: AllowedNetworks,
    pages: Pages | None = None,
) -> AsyncGenerator[str, None]:
    """Serve routes and pages at a listening socket; yield the address.

    The socket is closed at the end.
    """
    host, port = listener.getsockname()[:2]

    def runner() -> AppRunner:
        from satellite.http import application  # see above

        every = [route for make in routes for route in make()]
        return application.guarded_runner(guard, every, pages or {})

    async with HttpServer([listener], runner, allowed=allowed).open():
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"


@asynccontextmanager
async def api_server(
    listener: socket.socket,
    controls: Controls,
    guard: Guard,
    allowed: AllowedNetworks,
    pages: Pages | None = None,
) -> AsyncGenerator[str, None]:
    """Serve the API of a satellite and the pages at a listening socket; yield the address.

    The socket is closed at the end.
    """
    async with guarded_server(
        listener, [partial(make_api_routes, controls)], guard, allowed, pages
    ) as address:
        yield address


def make_api_routes(controls: Controls) -> Sequence[Route]:
    """Return the routes of a satellite's API, whose module imports aiohttp."""
    from satellite.http.routes import api_routes  # see above

    return api_routes(controls)


class HttpServer:
    """Accepts clients, and hands them to aiohttp once the head of their first request is whole."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        runner: Callable[[], AppRunner],
        *,
        allowed: AllowedNetworks | None = None,
        life: float | None = None,
    ) -> None:
        """`runner` imports aiohttp and makes the application; it is called in a thread, once.

        Clients of addresses outside `allowed` are refused. `life` is the number of seconds after
        which any connection is cut.
        """
        self._listeners = listeners
        self._make_runner = runner
        self._allowed = allowed
        self._life = life
        self._runner: AppRunner | None = None
        self._making = asyncio.Lock()
        self._arrived: set[socket.socket] = set()
        """Connections whose first request is not whole."""
        self._refusals = Refusals("HTTP")

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """Serve during this block. The listening sockets are closed at its end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(self._run(), name="http server")
                try:
                    yield
                finally:
                    running.cancel()
        finally:
            for leftover in (*self._listeners, *self._arrived):
                leftover.close()
            if self._runner is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_END):
                        await self._runner.cleanup()

    async def prepare(self) -> None:
        """Import aiohttp now, for a port whose first client must not wait for it."""
        await self._ready()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for listener in self._listeners:
                tasks.create_task(self._accept(listener, tasks), name="http accept")

    async def _accept(self, listener: socket.socket, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listener)
            except OSError as error:
                _LOGGER.warning("HTTP: cannot accept connections: %s", error.strerror)
                await asyncio.sleep(_RETRY)
                continue
            if self._admits(connection, str(address[0])):
                self._arrived.add(connection)
                tasks.create_task(self._serve(connection), name="http client")

    def _admits(self, connection: socket.socket, address: str) -> bool:
        """Return whether a client may connect; close its connection if not."""
        if self._allowed is not None and address not in self._allowed:
            reason = ("not-allowed", "`allow` (--allow) lists the networks that may connect")
        elif self._clients >= MOST:
            reason = ("busy", f"{MOST} clients are connected already")
        else:
            return True
        code, why = reason
        now = asyncio.get_running_loop().time()
        self._refusals.log(now, code, address, f"refused {address}: {why}")
        connection.close()
        return False

    @property
    def _clients(self) -> int:
        server = self._runner.server if self._runner else None
        return len(self._arrived) + (len(server.connections) if server else 0)

    async def _serve(self, connection: socket.socket) -> None:
        """Wait for the head of the first request, then let aiohttp do the rest."""
        loop = asyncio.get_running_loop()
        transport, handed_over = None, False
        try:
            async with asyncio.timeout(FIRST):
                transport, first = await loop.connect_accepted_socket(_FirstRequest, connection)
                if self._life is not None:
                    loop.call_later(self._life, transport.abort)
                await first.whole
            runner = await self._ready()
            assert runner.server is not None
            if not transport.is_closing():
                first.hand_over(runner.server())
                handed_over = True
        except (TimeoutError, OSError) as error:
            _LOGGER.debug("HTTP: dropped a client without a whole request: %s", error)
        finally:
            self._arrived.discard(connection)
            if transport is None:
                connection.close()
            elif not handed_over:
                transport.abort()

    async def _ready(self) -> AppRunner:
        async with self._making:
            if self._runner is None:
                runner = await asyncio.to_thread(self._make_runner)
                await runner.setup()
                self._runner = runner
            return self._runner


class _FirstRequest(asyncio.Protocol):
    """Collects the head of a connection's first request, at most `HEAD` bytes of it."""

    def __init__(self) -> None:
        self.whole: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the head; a `ConnectionError` if the client leaves or sends too much."""
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.startswith((b"\r", b"\n")):  # empty lines before a request do not count
            self._received = self._received.lstrip(b"\r\n")
        if self.whole.done():
            return
        if b"\r\n\r\n" in self._received[: HEAD + 4]:
            self._transport.pause_reading()
            self.whole.set_result(None)
        elif len(self._received) > HEAD:
            self._fail(f"more than {HEAD} bytes before the end of the head")

    def eof_received(self) -> None:
        self._fail("the client has closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection was lost")

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        """Let another protocol have the connection and what was received."""
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(bytes(self._received))
        self._transport.resume_reading()

    def _fail(self, why: str) -> None:
        if not self.whole.done():
            self.whole.set_exception(ConnectionError(why))
            self.whole.exception()  # seen, whether or not the server still waits for it


def listening_socket(host: str, port: int, key: str = "http.port") -> socket.socket:
    """Return a socket that listens at the first address of a host; `key` is the port's setting.

    Raises:
        PortInUse: another program listens there.
        ConfigError: the address is not ours.
    """
    try:
        return listening_sockets(host, port)[0]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} is taken: stop the program that listens there, or choose another "
                f"one ({key})"
            ) from error
        reason = reason_of(error)
        raise ConfigError([f"cannot listen at {host} port {port}: {reason} (http.host)"]) from error


def listening_sockets(host: str, port: int, *, every: bool = False) -> list[socket.socket]:
    """Return sockets that listen at the first address of a host, or at `every` one.

    Raises `OSError`.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in found if every else found[:1]:
            listener = socket.socket(family, kind, protocol)
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if every and family == socket.AF_INET6:  # 0.0.0.0 has a socket of its own
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(MOST)
            listener.setblocking(False)
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    return listeners
