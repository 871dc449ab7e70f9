"""Listening for peers, on TCP and Unix sockets, each served in a task of its own."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec

from satellite.errors import ConfigError, PortInUse
from satellite.net import uri as uris
from satellite.net.admission import Peers, Secure, Serve
from satellite.net.limits import ListenLimits
from satellite.net.memory_budget import MemoryBudget
from satellite.net.unix import unix_socket
from satellite.net.wire import Limits
from satellite.settings import Settings

__all__ = ["ListenLimits", "Serve", "limits_of", "listening"]


def limits_of(settings: Settings, connections: int = 64, paired_only: bool = False) -> ListenLimits:
    """What the settings allow the peers of a port. Raises `ConfigError` for a wrong `allow`."""
    said = settings.limits
    wire = Limits(
        header=said.header,
        data=said.data,
        payload=said.payload,
        depth=said.depth,
        values=said.values,
        events=said.events,
        frame=said.frame,
        write=said.write,
    )
    return ListenLimits(
        allow=settings.allow,
        per_address=said.per_address,
        first=said.first,
        idle=said.idle,
        total=said.total,
        held=said.held,
        wire=wire,
        connections=connections,
        paired_only=paired_only,
    )


@asynccontextmanager
async def listening(
    uri: str,
    serve: Serve,
    *,
    name: str,
    limits: ListenLimits | None = None,
    refused: Callable[[str], None] = lambda code: None,
    held: MemoryBudget | None = None,
    secure: Secure | None = None,
) -> AsyncGenerator[str, None]:
    """Let peers in at a TCP, TLS or Unix URI during this block, and yield where.

    TCP port 0 takes any free port; host `*` listens on every address, IPv6 included. `name` is what
    the log calls the service; `refused` is told the code of each error with which a peer was turned
    away. `held` is where long events count, if not for this door alone. At a TLS URI `secure` is
    to shake hands with each peer before anything is read, and says what to call it. Raises
    `PortInUse`, and `ConfigError` for an address that is not this machine's.
    """
    limits = limits or ListenLimits()
    peers = Peers(serve, name, limits, refused, held or MemoryBudget(limits.held), secure)
    address = uris.parse(uri)
    if isinstance(address, uris.Tls) != (secure is not None):
        raise ConfigError([f"cannot listen on {uri}: tls:// and pairing belong together"])
    async with peers.welcoming(), _bound_server(address, peers, limits) as bound:
        yield bound


@asynccontextmanager
async def _bound_server(
    address: uris.Address, peers: Peers, limits: ListenLimits
) -> AsyncGenerator[str, None]:
    if isinstance(address, uris.Tcp | uris.Tls):
        server = await _listen(address, peers, limits)
        try:
            port = server.sockets[0].getsockname()[1]
            yield str(msgspec.structs.replace(address, port=port))
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


async def _listen(
    address: uris.Tcp | uris.Tls, peers: Peers, limits: ListenLimits
) -> asyncio.Server:
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
