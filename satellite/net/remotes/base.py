"""The base of remote engines: address, description, and a connection for each call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

from wyoming.error import Error
from wyoming.event import Event

from satellite.errors import EngineClosed, EngineError, PeerClosed, WireError
from satellite.net import info
from satellite.net.messages import error_of
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import CONNECT, describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection
from satellite.values import EngineInfo

CONTEXT = "satellite"
"""Key of a request's context for values that only our own services understand."""


class Remote:
    """An engine on the other side of a connection.

    Every call has its own connection and hangs up however it ends, which also cancels the request
    at the server. The caller limits the time of an answer; this class limits only connecting and
    describing.
    """

    role: ClassVar[str]

    def __init__(self, uri: str, pairing: Pairing) -> None:
        self.label = uri
        """Its URI, for people and for events."""
        self._pairing = pairing
        self._info: EngineInfo | None = None
        self._open: set[Connection] = set()
        self._closed = False

    async def load(self) -> None:
        """Fetch the description of the service. Raises `WireError`, and `EngineFailed` for another
        role."""
        self._check_open()
        if self._info is None:
            event = await describe(self.label, pairing=self._pairing)
            try:
                self._info = info.engine_info(self.role, event)
            except (EngineError, WireError) as error:
                raise type(error)(f"{self.label}: {error}") from error

    def describe(self) -> EngineInfo:
        return self._info or EngineInfo(name=self.label)

    async def close(self) -> None:
        self._closed = True
        for connection in self._open:
            connection.abort()

    @asynccontextmanager
    async def _call(self) -> AsyncGenerator[Connection, None]:
        """Open a connection for one call, until the end of the block."""
        self._check_open()
        connection = await connect(self.label, CONNECT, pairing=self._pairing)
        self._open.add(connection)
        try:
            self._check_open()  # it may have been closed meanwhile
            yield connection
        except PeerClosed as error:
            if self._closed:
                raise EngineClosed(f"{self.label} was closed") from error
            raise
        finally:
            self._open.discard(connection)
            connection.abort()

    async def _next_event(self, connection: Connection) -> Event:
        """Return the next event. Raises the error that the service reports, or `PeerClosed`."""
        event = await connection.read()
        if event is None:
            raise PeerClosed(f"{self.label} hung up before it answered")
        if Error.is_type(event.type):
            raise error_of(event)
        return event

    def _check_open(self) -> None:
        if self._closed:
            raise EngineClosed(f"{self.label} was closed")
