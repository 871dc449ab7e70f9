"""Listening sockets, admission of connections, TLS, and their hand-over to aiohttp."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from satellite.errors import ConfigError, PortInUse
from satellite.lib.containment import Containment
from satellite.lib.platform.sockets import watch
from satellite.net.allowed import AllowedNetworks
from satellite.net.refusals import Refusals
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

_LOGGER = logging.getLogger(__name__)

MOST = 96
"""Clients at once: sixteen browsers, which load the page over six connections each."""

FIRST = 10.0
"""Seconds for the head of a client's first request to arrive."""

HEAD = 16 * 1024
"""Bytes of that head; a browser's has two thousand."""

HANDSHAKE = 8.0
"""Seconds for a handshake of TLS: a Raspberry Pi Zero takes one."""

STUCK = 30.0
"""Seconds for which a client may take nothing of what waits for it."""

_SWEEP = 5.0
"""Seconds between two checks for that."""

_TLS = b"\x16"
"""First byte of a client that speaks TLS (RFC 8446, 5.1): no request of HTTP begins with it."""

_RETRY = 1.0
"""Seconds until the next attempt to accept where the system has no room for more connections."""

_END = 2.0
"""Seconds for clients to take pending answers when the server ends."""


class HttpServer:
    """Accepts clients, and hands them to aiohttp once the head of their first request is whole."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        runner: Callable[[], AppRunner],
        *,
        allowed: AllowedNetworks | None = None,
        life: float | None = None,
        tls: Callable[[], ssl.SSLContext | None] | None = None,
        per_address: int = MOST,
        allowed_by: str = "`allow` (--allow) lists the networks that may connect",
    ) -> None:
        """`runner` imports aiohttp and makes the application; it is called in a thread, once.

        Clients of addresses outside `allowed` are refused; `allowed_by` says why in the log.
        `life` is the number of seconds after which any connection is cut. With `tls`, which returns
        the context of a connection, clients that speak TLS are served by TLS, and others without.
        `per_address` is the number of connections of one address at once.
        """
        self._listeners = listeners
        self._make_runner = runner
        self._allowed = allowed
        self._allowed_by = allowed_by
        self._life = life
        self._tls = tls
        self._per_address = per_address
        self._runner: AppRunner | None = None
        self._making = asyncio.Lock()
        self._arrived: dict[socket.socket, str] = {}
        """Connections whose first request is not whole, with their addresses."""
        self._addresses: dict[Any, str] = {}
        """aiohttp's handlers of connections, with the addresses."""
        self._unread: dict[Any, tuple[int, float]] = {}
        """Bytes that wait for the client of a handler, and since when they are not fewer."""
        self._refusals = Refusals("HTTP")
        self._contained = Containment("the HTTP server")

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
            tasks.create_task(self._sweep(), name="http sweep")
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
                self._arrived[connection] = str(address[0])
                tasks.create_task(self._serve(connection), name="http client")

    def _admits(self, connection: socket.socket, address: str) -> bool:
        """Return whether a client may connect; close its connection if not."""
        if self._allowed is not None and address not in self._allowed:
            reason = ("not-allowed", self._allowed_by)
        elif len(connected := self._clients()) >= MOST:
            reason = ("busy", f"{MOST} clients are connected already")
        elif connected.count(address) >= self._per_address:
            reason = ("busy", f"it has {self._per_address} connections already")
        else:
            return True
        code, why = reason
        now = asyncio.get_running_loop().time()
        self._refusals.log(now, code, address, f"refused {address}: {why}")
        connection.close()
        return False

    def _clients(self) -> list[str]:
        """Return the addresses of all connections."""
        server = self._runner.server if self._runner else None
        connected = set(server.connections if server else ())
        self._addresses = {h: self._addresses[h] for h in self._addresses if h in connected}
        return [*self._arrived.values(), *self._addresses.values()]

    async def _sweep(self) -> None:
        """Cut the connections of clients that take nothing of what waits for them."""
        while True:
            await asyncio.sleep(_SWEEP)
            now, before = asyncio.get_running_loop().time(), self._unread
            self._unread = {}
            for handler, address in self._addresses.items():
                if not (size := _unsent(handler.transport)):
                    continue
                last, since = before.get(handler, (size + 1, now))
                self._unread[handler] = (size, since if size >= last else now)
                if size >= last and now - since >= STUCK:
                    text = f"dropped {address}: it took nothing for {STUCK:g} s"
                    self._refusals.log(now, "stuck", address, text)
                    handler.transport.abort()

    async def _serve(self, connection: socket.socket) -> None:
        """Wait for the head of the first request, then let aiohttp do the rest."""
        loop = asyncio.get_running_loop()
        transport, handed_over = None, False
        try:
            async with asyncio.timeout(FIRST):
                secure: dict[str, Any] = {}
                if self._tls is not None and await _first_byte(connection) == _TLS:
                    secure = {
                        "ssl": self._tls(),
                        "ssl_handshake_timeout": HANDSHAKE,
                        "ssl_shutdown_timeout": _END,
                    }
                transport, first = await loop.connect_accepted_socket(
                    _FirstRequest, connection, **secure
                )
                if self._life is not None:
                    loop.call_later(self._life, transport.abort)
                await first.whole
            runner = await self._ready()
            assert runner.server is not None
            if not transport.is_closing():
                handler = runner.server()
                self._addresses[handler] = self._arrived[connection]
                first.hand_over(handler)
                handed_over = True
        except (TimeoutError, OSError) as error:
            _LOGGER.debug("HTTP: dropped a client without a whole request: %s", error)
        except Exception as error:  # of asyncio, aiohttp or a room's routes: it ends this client
            self._contained.note(error)
        finally:
            self._arrived.pop(connection, None)
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
        self._transport.resume_reading()
        protocol.data_received(bytes(self._received))  # which may pause reading again

    def _fail(self, why: str) -> None:
        if not self.whole.done():
            self.whole.set_exception(ConnectionError(why))
            self.whole.exception()  # seen, whether or not the server still waits for it


def _unsent(transport: Any) -> int:
    """Return the bytes that wait for a client."""
    try:
        return int(transport.get_write_buffer_size())
    except AttributeError:  # None, or TLS that was closed twice, which has lost its protocol
        return 0


async def _first_byte(connection: socket.socket) -> bytes:
    """Wait for the first byte of a client, and return it without taking it; empty at the end.

    Raises `OSError`.
    """
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def note(_: socket.socket) -> None:
        if not readable.done():
            readable.set_result(None)

    end_watch = watch(loop, connection, note)
    try:
        await readable
    finally:
        end_watch()
    return connection.recv(1, socket.MSG_PEEK)


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
