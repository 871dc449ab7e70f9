"""Listening for peers, on TCP and Unix sockets, each served in a task of its own."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from wyoming.error import Error

from satellite.errors import ConfigError, EngineBusy, PortInUse
from satellite.net import uri as uris
from satellite.net.unix import unix_socket
from satellite.net.wire import Connection, Limits, encode

_LOGGER = logging.getLogger(__name__)

Serve = Callable[[Connection], Awaitable[None]]
"""Serves one peer until it leaves, and closes its connection."""


class DoorLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Who is let in, and what they may send."""

    connections: int = 64
    wire: Limits = Limits()


@asynccontextmanager
async def door(
    uri: str,
    serve: Serve,
    *,
    name: str,
    limits: DoorLimits | None = None,
    refused: Callable[[str], None] = lambda code: None,
) -> AsyncGenerator[str, None]:
    """Let peers in at a TCP or Unix URI during this block, and yield where.

    TCP port 0 takes any free port; host `*` listens on every address, IPv6 included. `name` is what
    the log calls the service; `refused` is told the code of each error with which a peer was turned
    away. Raises `PortInUse`, and `ConfigError` for an address that is not this machine's.
    """
    limits = limits or DoorLimits()
    peers = _Peers(serve, name, limits, refused)
    async with peers.welcoming(), _listening(uris.parse(uri), peers, limits) as bound:
        yield bound


class _Peers:
    """Those who are connected."""

    def __init__(
        self, serve: Serve, name: str, limits: DoorLimits, refused: Callable[[str], None]
    ) -> None:
        self._serve = serve
        self._name = name
        self._limits = limits
        self._refused = refused
        self._tasks: set[asyncio.Task[None]] = set()
        self._full = False

    @asynccontextmanager
    async def welcoming(self) -> AsyncGenerator[None, None]:
        """Whoever connects during this block is served until its end at most.

        No task group: one may not span the yield of `door`, whose block it would cancel.
        """
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a peer, or turn it away when there are too many."""
        if len(self._tasks) >= self._limits.connections:
            self._refuse(writer)
            return
        self._full = False
        name = writer.get_extra_info("peername")
        peer = str(uris.Tcp(*name[:2])) if isinstance(name, tuple) else "a local client"
        connection = Connection(reader, writer, peer, self._limits.wire)
        task = asyncio.get_running_loop().create_task(self._guarded(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, connection: Connection) -> None:
        try:
            await self._serve(connection)
        except Exception:
            _LOGGER.exception("%s: serving %s failed", self._name, connection.peer)

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        level = logging.DEBUG if self._full else logging.WARNING
        self._full = True
        self._refused(EngineBusy.code)
        count = self._limits.connections
        _LOGGER.log(level, "%s: turned a client away: %d are there", self._name, count)
        text = f"{count} clients are connected already: ask again later"
        writer.write(encode(Error(text, EngineBusy.code).event()))
        writer.close()


@asynccontextmanager
async def _listening(
    address: uris.Address, peers: _Peers, limits: DoorLimits
) -> AsyncGenerator[str, None]:
    if isinstance(address, uris.Tcp):
        server = await _listen(address, peers, limits)
        try:
            yield str(uris.Tcp(address.host, server.sockets[0].getsockname()[1]))
        finally:
            server.close()
    elif isinstance(address, uris.Unix):
        with unix_socket(address.path) as listener:
            server = await asyncio.start_unix_server(
                peers.accept, sock=listener, limit=limits.wire.header
            )
            try:
                yield str(address)
            finally:
                server.close()
    else:
        raise ConfigError([f"{address} is for one client, at standard input and output"])


async def _listen(address: uris.Tcp, peers: _Peers, limits: DoorLimits) -> asyncio.Server:
    host, port = None if address.host == "*" else address.host, address.port
    while True:
        try:
            server = await asyncio.start_server(peers.accept, host, port, limit=limits.wire.header)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or str(error)
                raise ConfigError([f"cannot listen on {address}: {reason}"]) from error
            if address.port:
                raise PortInUse(
                    f"port {address.port} is taken: stop the program that listens there, or "
                    "choose another port"
                ) from error
            port = 0
            continue
        ports = {listener.getsockname()[1] for listener in server.sockets}
        if len(ports) == 1:
            return server
        # any free port was asked for and each address got one of its own: take the first for all
        server.close()
        port = min(ports)
