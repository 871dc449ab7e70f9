"""Listening for peers, on TCP and Unix sockets, each served in a task of its own."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec

from satellite.errors import ConfigError, PortInUse
from satellite.lib.platform.sockets import unix_server
from satellite.net import uri as uris
from satellite.net.admission import Admission, Secure, Serve
from satellite.net.limits import ListenLimits
from satellite.net.memory_budget import MemoryBudget
from satellite.net.unix import unix_socket
from satellite.net.wire import Connection, Limits
from satellite.settings import Settings
from satellite.text.reason_of import reason_of

__all__ = ["ListenLimits", "Serve", "listen_limits", "listening"]


def listen_limits(
    settings: Settings, connections: int = 64, paired_only: bool = False
) -> ListenLimits:
    """Return the limits that the settings define for a port. Raises `ConfigError`."""
    limits = settings.limits
    wire = Limits(
        header=limits.header,
        data=limits.data,
        payload=limits.payload,
        depth=limits.depth,
        values=limits.values,
        events=limits.events,
        frame=limits.frame,
        write=limits.write,
    )
    return ListenLimits(
        allow=settings.allow,
        per_address=limits.per_address,
        first=limits.first,
        idle=limits.idle,
        total=limits.total,
        memory=limits.held,
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
    on_refusal: Callable[[str], None] = lambda code: None,
    memory: MemoryBudget | None = None,
    secure: Secure | None = None,
    kind: type[Connection] = Connection,
) -> AsyncGenerator[str, None]:
    """Listen at a TCP, TLS or Unix URI during this block, and yield the URI that was bound.

    TCP port 0 takes any free port; host `*` listens on every address, IPv6 included. `name` is the
    name of the service in the log; `on_refusal` is called with the error code of each refused peer.
    `memory` limits long events, by default for this listener alone. At a TLS URI, `secure` performs
    the handshake with each peer before anything is read, and returns its name. `kind` is the class
    of the connections that `serve` gets.

    Raises:
        PortInUse: another program listens there.
        ConfigError: the address does not belong to this machine.
    """
    limits = limits or ListenLimits()
    memory = memory or MemoryBudget(limits.memory)
    admission = Admission(serve, name, limits, on_refusal, memory, secure, kind)
    address = uris.parse(uri)
    if isinstance(address, uris.Tls) != (secure is not None):
        raise ConfigError(
            [f"cannot listen on {uri}: tls:// requires pairing, and pairing requires tls://"]
        )
    async with admission.running(), _bound_server(address, admission, limits) as bound:
        yield bound


@asynccontextmanager
async def _bound_server(
    address: uris.Address, admission: Admission, limits: ListenLimits
) -> AsyncGenerator[str, None]:
    if isinstance(address, uris.Tcp | uris.Tls):
        server = await _listen(address, admission, limits)
        try:
            port = server.sockets[0].getsockname()[1]
            yield str(msgspec.structs.replace(address, port=port))
        finally:
            server.close()
    elif isinstance(address, uris.Unix):
        with unix_socket(address.path) as listener:
            server = await unix_server(admission.accept, listener, limits.wire.header)
            try:
                yield str(address)
            finally:
                server.close()
    else:
        raise ConfigError([f"{address} is standard input and output, which serve one client only"])


async def _listen(
    address: uris.Tcp | uris.Tls, admission: Admission, limits: ListenLimits
) -> asyncio.Server:
    host, port = None if address.host == "*" else address.host, address.port
    while True:
        try:
            server = await asyncio.start_server(
                admission.accept, host, port, limit=limits.wire.header
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = reason_of(error)
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
        # each address got its own free port: bind them all to the lowest
        server.close()
        port = min(ports)
