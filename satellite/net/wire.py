"""Wyoming frames: a JSON line, then as many bytes of JSON data and of payload as it announces."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Annotated, Any

import msgspec
from wyoming.event import Event

from satellite.errors import BadFrame, ConfigError, PeerClosed, PeerUnreachable
from satellite.net import uri as uris

VERSION = "1.10.2"
"""Version of the protocol that is spoken here, as PyPI's `wyoming` counts it."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer may ask of this side, in bytes and seconds."""

    header: int = 64 * 1024
    """Longest JSON line: what the `wyoming` library itself accepts."""
    data: int = 1024 * 1024
    """Longest JSON data: ten times the `info` of a server with a thousand voices."""
    payload: int = 4 * 1024 * 1024
    """Longest payload: two minutes of 16 kHz sound in one event."""
    frame: float = 30.0
    """From a frame's first byte to its last: 4 MiB at a poor Wi-Fi's 150 kB/s."""
    write: float = 60.0
    """Without room for an event: a satellite that plays a long sentence reads no further one."""
    close: float = 1.0
    """For the last bytes to leave when a connection is closed."""


class _Header(msgspec.Struct, frozen=True):
    type: str
    data: dict[str, Any] | None = None
    data_length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    payload_length: Annotated[int, msgspec.Meta(ge=0)] | None = None


_HEADER = msgspec.json.Decoder(_Header)
_DATA = msgspec.json.Decoder(dict[str, Any])


def encode(event: Event) -> bytes:
    """The bytes of a frame. Raises `BadFrame` for what JSON cannot hold."""
    header: dict[str, Any] = {"type": event.type, "version": VERSION}
    try:
        data = msgspec.json.encode(event.data) if event.data else b""
        if data:
            header["data_length"] = len(data)
        if event.payload:
            header["payload_length"] = len(event.payload)
        return b"".join((msgspec.json.encode(header), b"\n", data, event.payload or b""))
    except (TypeError, ValueError) as error:  # such as half of a surrogate pair
        raise BadFrame(f"{event.type} cannot be written as JSON: {error}") from error


class Connection:
    """One peer. Reading and writing may overlap; events written at once are never mixed up."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        limits: Limits | None = None,
    ) -> None:
        self.peer = peer
        """What to call it in messages."""
        self._reader = reader
        self._writer = writer
        self._limits = limits or Limits()
        _notice_death(writer)

    async def read(self) -> Event | None:
        """Wait for an event; None when the peer ended the connection between two events.

        Raises `BadFrame` for what is not Wyoming or is too large, `PeerClosed` when the connection
        ends within a frame or the rest of a frame does not come. After either, and after being
        cancelled, the connection is of no further use.
        """
        try:
            first = await self._reader.read(1)
            if not first:
                return None
            async with asyncio.timeout(self._limits.frame):
                return await self._rest(first)
        except TimeoutError as error:
            raise PeerClosed(f"{self.peer} began to send an event and stopped") from error
        except asyncio.IncompleteReadError as error:
            raise PeerClosed(f"{self.peer} hung up within an event") from error
        except OSError as error:
            raise PeerClosed(f"the connection with {self.peer} broke: {error}") from error

    async def write(self, event: Event) -> None:
        """Send an event. Raises `PeerClosed` when the peer has gone or takes nothing any more."""
        frame = encode(event)
        if self._writer.is_closing():
            raise PeerClosed(f"{self.peer} hung up")
        try:
            self._writer.write(frame)
            async with asyncio.timeout(self._limits.write):
                await self._writer.drain()
        except TimeoutError as error:
            self.abort()
            seconds = self._limits.write
            raise PeerClosed(f"{self.peer} has read nothing for {seconds:g} s") from error
        except (OSError, RuntimeError) as error:
            raise PeerClosed(f"{self.peer} hung up: {error}") from error

    async def close(self) -> None:
        """Hang up after what was written has left, in bounded time. Twice is once."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.close):
                await self._writer.wait_closed()
        except OSError:  # it broke before it was closed, or took too long: gone either way
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Hang up at once, dropping what was not sent. Twice is once."""
        transport = self._writer.transport
        if transport.is_closing() and not transport.get_write_buffer_size():
            return  # it is over already, which a pipe must not be told again
        transport.abort()

    async def _rest(self, first: bytes) -> Event:
        try:
            line = first if first == b"\n" else first + await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise BadFrame(
                f"{self.peer} sent a line of more than {self._limits.header} bytes, "
                "which is not a Wyoming event"
            ) from error
        header = self._parse(line)
        data = dict(header.data or {})
        if header.data_length:
            self._check("data", header.data_length, self._limits.data)
            data.update(self._parse_data(await self._reader.readexactly(header.data_length)))
        payload = None
        if header.payload_length:
            self._check("payload", header.payload_length, self._limits.payload)
            payload = await self._reader.readexactly(header.payload_length)
        return Event(header.type, data, payload)

    def _parse(self, line: bytes) -> _Header:
        try:
            return _HEADER.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadFrame(f"{self.peer} sent what is not a Wyoming event: {error}") from error

    def _parse_data(self, text: bytes) -> dict[str, Any]:
        try:
            return _DATA.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadFrame(f"{self.peer} sent an event with broken data: {error}") from error

    def _check(self, part: str, size: int, limit: int) -> None:
        if size > limit:
            raise BadFrame(
                f"{self.peer} announced {size} bytes of {part}; no event has more than {limit}"
            )


def _notice_death(writer: asyncio.StreamWriter) -> None:
    """Have the system end a connection whose peer has lost its power or its network.

    After a minute of silence it asks, and gives up when six questions 10 s apart were not answered:
    otherwise such connections would be there for ever, and count.
    """
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if (option := getattr(socket, name, None)) is not None:  # not every system has them
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


async def connect(uri: str, timeout: float, limits: Limits | None = None) -> Connection:
    """Reach the service at a TCP or Unix URI within `timeout` seconds.

    Raises `PeerUnreachable`, saying why, and `ConfigError` for what is no such URI.
    """
    limits = limits or Limits()
    address = uris.parse(uri)
    try:
        async with asyncio.timeout(timeout):
            if isinstance(address, uris.Tcp):
                reader, writer = await asyncio.open_connection(
                    address.host, address.port, limit=limits.header
                )
            elif isinstance(address, uris.Unix):
                reader, writer = await asyncio.open_unix_connection(
                    address.path, limit=limits.header
                )
            else:
                raise ConfigError([f"{uri} can be served, but there is nothing to connect to"])
    except TimeoutError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: no answer in {timeout:g} s") from error
    except UnicodeError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: no host can be called so") from error
    except OSError as error:
        raise PeerUnreachable(f"{uri} cannot be reached: {_reason(error)}") from error
    return Connection(reader, writer, uri, limits)


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    return os.strerror(error.errno).lower() if error.errno else str(error)
