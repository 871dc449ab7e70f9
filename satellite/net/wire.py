"""Connections with peers: events are read and written, within limits, and nothing else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator
from contextlib import contextmanager

from wyoming.event import Event

from satellite.errors import BadFrame, EngineBusy, PeerClosed
from satellite.net.frame import VERSION, Limits, encode, read_data, read_header
from satellite.net.keepalive import notice_death
from satellite.net.memory_budget import MemoryBudget
from satellite.net.rate_limit import RateLimit

__all__ = ["VERSION", "Connection", "Limits", "encode"]

_SMALL = 64 * 1024
"""Bytes of a body that is read as a whole and not counted: what a socket's buffer holds anyway."""
_UNKNOWN = (
    "perhaps it is not paired with this machine, or no longer: see its log, and run "
    "`satellite pair` on both"
)
"""What is said where a TLS server ends the connection."""


class Connection:
    """One peer. Reading and writing may overlap; events written at once are never mixed up."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        limits: Limits | None = None,
        held: MemoryBudget | None = None,
    ) -> None:
        """`held` is where long events count while they are read."""
        self.peer = peer
        """What to call it in messages."""
        self.began = self.active = asyncio.get_running_loop().time()
        """When it began, and when an event was last read or written, on the loop's clock."""
        self.events = 0
        """Events read."""
        self.slowed = 0
        """Times that it sent events too fast and was read more slowly."""
        self.work = 0
        """Requests of this peer that are being worked on: while there are any, it may be silent."""
        self._reader = reader
        self._writer = writer
        self._secure = writer.get_extra_info("ssl_object")
        name = writer.get_extra_info("peername")
        self.address = str(name[0]) if isinstance(name, tuple) else ""
        """The peer's IP address; empty where it has none."""
        self._limits = limits or Limits()
        self._held = held or MemoryBudget()
        self._pace = RateLimit(self._limits.events)
        notice_death(writer)

    @property
    def protocol(self) -> str | None:
        """The protocol that was agreed on in a TLS connection (ALPN, RFC 7301), if any."""
        return self._secure.selected_alpn_protocol() if self._secure is not None else None

    @property
    def gone(self) -> bool:
        """The peer has hung up, though this may not have been read yet; or this side has."""
        return self._reader.at_eof() or self._writer.is_closing()

    @contextmanager
    def working(self) -> Generator[None, None, None]:
        """The peer waits for something during this block, and is not idle."""
        self.work += 1
        try:
            yield
        finally:
            self.work -= 1
            self.active = asyncio.get_running_loop().time()

    async def read(self) -> Event | None:
        """Wait for an event; None when the peer ended the connection between two events.

        Raises `BadFrame` for what is not Wyoming or is too large, `PeerClosed` when the connection
        ends within a frame or the rest of a frame does not come. After either, and after being
        cancelled, the connection is of no further use.
        """
        try:
            first = await self._reader.read(1)
            if not first:
                self._check_known()
                return None
            async with asyncio.timeout(self._limits.frame):
                event = await self._rest(first)
        except TimeoutError as error:
            raise PeerClosed(f"{self.peer} began to send an event and stopped") from error
        except asyncio.IncompleteReadError as error:
            raise PeerClosed(f"{self.peer} hung up within an event") from error
        except OSError as error:
            raise PeerClosed(
                f"the connection with {self.peer} broke: {_reason_of(error)}"
            ) from error
        self.events += 1
        if await self._pace.step():
            self.slowed += 1
        self.active = asyncio.get_running_loop().time()
        return event

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
            raise PeerClosed(f"{self.peer} hung up: {_reason_of(error)}") from error
        self.active = asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Hang up after what was written has left, in bounded time. Twice is once."""
        if not self._writer.is_closing():
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
        # a pipe must not be told again, and TLS does not know whether it is over
        if not self._secure and transport.is_closing() and not transport.get_write_buffer_size():
            return
        transport.abort()

    def _check_known(self) -> None:
        """Raise `PeerClosed` where a server hung up instead of ever answering in TLS.

        Python's TLS does not pass on the alert with which it refuses a key.
        """
        if self._secure is not None and not self.events and not self._secure.server_side:
            raise PeerClosed(f"{self.peer} hung up at once; {_UNKNOWN}")

    async def _rest(self, first: bytes) -> Event:
        try:
            line = first if first == b"\n" else first + await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise BadFrame(
                f"{self.peer} sent a line of more than {self._limits.header} bytes, "
                "which is not a Wyoming event"
            ) from error
        header = read_header(line, self._limits, self.peer)
        data = dict(header.data or {})
        try:
            if header.data_length:
                text = await self._body(header.data_length)
                data.update(read_data(text, self._limits, self.peer))
            payload = await self._body(header.payload_length) if header.payload_length else None
        except EngineBusy as error:
            raise BadFrame(f"{self.peer} sent a long event, but {error}") from error
        return Event(header.type, data, payload)

    async def _body(self, size: int) -> bytes:
        """So many bytes, which count while they arrive; what is only announced takes nothing."""
        if size <= _SMALL:
            return await self._reader.readexactly(size)
        parts = bytearray()
        with self._held.growing() as add:
            while len(parts) < size:
                part = await self._reader.read(min(size - len(parts), _SMALL))
                if not part:
                    raise asyncio.IncompleteReadError(b"", size)
                add(len(part))
                parts += part
            return bytes(parts)


def _reason_of(error: BaseException) -> str:
    """What a broken connection tells; of TLS, what the other side said."""
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return f"{error.reason}; {_UNKNOWN}"
    return str(error)
