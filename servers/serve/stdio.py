"""Serves one client on standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from satellite.errors import ConfigError
from satellite.net.wire import Connection
from servers.pool import Pool
from servers.serve.observer import Observer
from servers.serve.server import ServeLimits, make_service
from servers.serve.session import Session


async def serve_stdio(
    role: str,
    engine: Any,
    *,
    limits: ServeLimits | None = None,
    pool: Pool | None = None,
    observer: Observer | None = None,
) -> None:
    """Serve a loaded engine until the end of standard input; finish the requests read by then.

    Nothing else may write to standard output. Raises `ConfigError` when it or standard input is a
    regular file.
    """
    limits = limits or ServeLimits()
    async with _connection(limits) as connection:
        service = make_service(role, engine, limits, pool, observer)
        service.observer.connected()
        try:
            await Session(connection, service, finish=True).run()
        finally:
            service.observer.disconnected()


@asynccontextmanager
async def _connection(limits: ServeLimits) -> AsyncGenerator[Connection, None]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limits.wire.header)
    # duplicates, so that closing them leaves the process its standard streams
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb", 0)
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb", 0)
    try:
        incoming, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), source
        )
        protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
        outgoing, _ = await loop.connect_write_pipe(lambda: protocol, sink)
    except ValueError as error:
        source.close()
        sink.close()
        raise ConfigError([f"stdio:// needs pipes on both sides: {error}"]) from error
    writer = asyncio.StreamWriter(outgoing, protocol, reader, loop)
    connection = Connection(reader, writer, "standard input", limits.wire)
    try:
        yield connection
    finally:
        await connection.close()
        incoming.close()
