"""Listening for clients, on TCP and Unix sockets."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from wyoming.error import Error

from satellite.errors import ConfigError, EngineBusy, PortInUse
from satellite.net import uri as uris
from satellite.net.wire import Connection, Limits, encode
from servers.pool import LocalPool, Pool
from servers.serve.asr import AsrService
from servers.serve.llm import LlmService
from servers.serve.observer import Observer
from servers.serve.session import Session
from servers.serve.tts import TtsService
from servers.serve.unix import unix_socket
from servers.serve.wake import WakeService
from servers.serve.work import Service

_LOGGER = logging.getLogger(__name__)

_SERVICES: dict[str, type[Service]] = {
    service.role: service for service in (AsrService, LlmService, TtsService, WakeService)
}


class ServeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one service takes on."""

    connections: int = 64
    workers: int = 8
    """Requests worked on at once."""
    waiting: int = 64
    """Requests that may wait for their turn."""
    wire: Limits = Limits()


def service_of(
    role: str,
    engine: Any,
    limits: ServeLimits,
    pool: Pool | None,
    observer: Observer | None = None,
) -> Service:
    """The events of an engine's role."""
    pool = pool or LocalPool(engine, limits.workers, limits.waiting)
    return _SERVICES[role](pool, engine.describe, observer)


@asynccontextmanager
async def serving(
    role: str,
    engine: Any,
    uri: str,
    *,
    limits: ServeLimits | None = None,
    pool: Pool | None = None,
    observer: Observer | None = None,
) -> AsyncGenerator[str, None]:
    """Serve a loaded engine at a TCP or Unix URI during this block, and yield where.

    TCP port 0 takes any free port; host `*` listens on every address, IPv6 included. Work goes to
    `pool`, a local one by default; `observer` is told of it. Raises `PortInUse`, and `ConfigError`
    for an address that is not this machine's.
    """
    limits = limits or ServeLimits()
    clients = _Clients(service_of(role, engine, limits, pool, observer), limits)
    async with clients.welcoming(), _listening(uris.parse(uri), clients, limits) as bound:
        yield bound


class _Clients:
    """Those who are connected, each in a task of its own."""

    def __init__(self, service: Service, limits: ServeLimits) -> None:
        self._service = service
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._full = False

    @asynccontextmanager
    async def welcoming(self) -> AsyncGenerator[None, None]:
        """Whoever connects during this block is served until its end at most.

        No task group: one may not span the yield of `serving`, whose block it would cancel.
        """
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client, or turn it away when there are too many."""
        if len(self._tasks) >= self._limits.connections:
            self._refuse(writer)
            return
        self._full = False
        self._service.observer.connected()
        name = writer.get_extra_info("peername")
        peer = str(uris.Tcp(*name[:2])) if isinstance(name, tuple) else "a local client"
        connection = Connection(reader, writer, peer, self._limits.wire)
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            await Session(connection, self._service).run()
        except Exception:
            _LOGGER.exception("Serving %s failed", connection.peer)
        finally:
            self._service.observer.left()

    def _refuse(self, writer: asyncio.StreamWriter) -> None:
        level = logging.DEBUG if self._full else logging.WARNING
        self._full = True
        self._service.observer.refused(EngineBusy.code)
        count = self._limits.connections
        _LOGGER.log(level, "%s: turned a client away: %d are there", self._service.role, count)
        text = f"{count} clients are connected already: ask again later"
        writer.write(encode(Error(text, EngineBusy.code).event()))
        writer.close()


@asynccontextmanager
async def _listening(
    address: uris.Address, clients: _Clients, limits: ServeLimits
) -> AsyncGenerator[str, None]:
    if isinstance(address, uris.Tcp):
        server = await _listen(address, clients, limits)
        try:
            yield str(uris.Tcp(address.host, server.sockets[0].getsockname()[1]))
        finally:
            server.close()
    elif isinstance(address, uris.Unix):
        with unix_socket(address.path) as listener:
            server = await asyncio.start_unix_server(
                clients.accept, sock=listener, limit=limits.wire.header
            )
            try:
                yield str(address)
            finally:
                server.close()
    else:
        raise ConfigError([f"{address} is for one client, at standard input and output"])


async def _listen(address: uris.Tcp, clients: _Clients, limits: ServeLimits) -> asyncio.Server:
    host, port = None if address.host == "*" else address.host, address.port
    while True:
        try:
            server = await asyncio.start_server(
                clients.accept, host, port, limit=limits.wire.header
            )
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
