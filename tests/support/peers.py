"""Peers on real sockets: the two ends of a connection, and services that follow a script."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from wyoming.event import Event

from satellite.errors import WireError
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection, Limits

PATIENCE = 5.0
"""Seconds after which a test considers a peer dead."""


@asynccontextmanager
async def pair(
    limits: Limits | None = None,
) -> AsyncGenerator[tuple[Connection, asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Yield a connection and the raw streams of its other end."""
    ours, theirs = socket.socketpair()
    limits = limits or Limits()
    reader, writer = await asyncio.open_connection(sock=ours, limit=limits.header)
    far_reader, far_writer = await asyncio.open_connection(sock=theirs)
    connection = Connection(reader, writer, "the peer", limits)
    try:
        yield connection, far_reader, far_writer
    finally:
        connection.abort()
        far_writer.transport.abort()
        await asyncio.sleep(0)


class Stranger:
    """A foreign service that answers each event as its script says.

    A script maps the type of an event to the answering events; None closes the connection.
    `seen` are the events that came, `hangups` counts the clients that left.
    """

    def __init__(self, script: dict[str, Sequence[Event | None]]) -> None:
        self.script = script
        self.seen: list[Event] = []
        self.hangups = 0
        self.uri = ""

    @property
    def types(self) -> list[str]:
        """The types of the received events; a run of audio chunks counts once."""
        types: list[str] = []
        for event in self.seen:
            if types[-1:] != [event.type]:
                types.append(event.type)
        return types

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, "a client")
        try:
            while event := await connection.read():
                self.seen.append(event)
                for answer in self.script.get(event.type, ()):
                    if answer is None:
                        return
                    await connection.write(answer)
        except WireError:
            pass
        finally:
            self.hangups += 1
            connection.abort()


@asynccontextmanager
async def stranger(
    script: dict[str, Sequence[Event | None]] | None = None,
) -> AsyncGenerator[Stranger, None]:
    """Run a foreign service on its own TCP port during this block."""
    service = Stranger(script or {})
    async with listening(service.serve) as uri:
        service.uri = uri
        yield service


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncGenerator[str, None]:
    """Run a TCP server during this block."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tuple(tasks))


class Client:
    """Sends events to a service and collects its answers."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def send(self, *events: Event) -> None:
        for event in events:
            await self.connection.write(event)

    async def until(self, *types: str) -> list[Event]:
        """Return the events up to the first one of these types."""
        events: list[Event] = []
        async with asyncio.timeout(PATIENCE):
            while not events or events[-1].type not in types:
                event = await self.connection.read()
                assert event is not None, f"hung up after {events}"
                events.append(event)
        return events


@asynccontextmanager
async def client(uri: str) -> AsyncGenerator[Client, None]:
    """Connect a client to a service during this block."""
    connection = await connect(uri, PATIENCE, pairing=Pairing())
    try:
        yield Client(connection)
    finally:
        await connection.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition becomes true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.002)
