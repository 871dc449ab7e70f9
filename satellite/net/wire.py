"""Connections to peers: reading and writing events within limits."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator
from contextlib import contextmanager

from wyoming.error import Error
from wyoming.event import Event

from satellite.errors import BadFrame, EngineBusy, PeerClosed
from satellite.net.frame import VERSION, Limits, encode, read_data, read_header
from satellite.net.keepalive import enable_keepalive
from satellite.net.memory_budget import Budget, MemoryBudget, reserved
from satellite.net.rate_limit import RateLimit

__all__ = ["VERSION", "Connection", "Limits", "encode"]

_SMALL = 64 * 1024
"""Bytes of a body that is read at once and not counted: a socket buffers as much anyway."""
_UNPAIRED = (
    "it may not be paired with this machine, or no longer: see its log, and run "
    "`satellite pair` on both"
)
"""Appended to errors where a TLS server ends the connection."""


class Connection:
    """The connection to one peer. Reading and writing may overlap; concurrent writes never mix."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        limits: Limits | None = None,
        memory: MemoryBudget | None = None,
    ) -> None:
        """`memory` counts the bytes that the peer makes us hold, with a share for its address."""
        self.peer = peer
        """Its name in messages."""
        self.last_event = asyncio.get_running_loop().time()
        """When an event was last read or written, on the clock of the event loop."""
        self.events = 0
        """Events read."""
        self.slowed = 0
        """Times that the peer sent events too fast and was read more slowly."""
        self.requests = 0
        """Requests of the peer in progress: while there are any, the peer may be silent."""
        self._reader = reader
        self._writer = writer
        self._tls = writer.get_extra_info("ssl_object")
        name = writer.get_extra_info("peername")
        self.address = str(name[0]) if isinstance(name, tuple) else ""
        """The IP address of the peer; empty if it has none."""
        self._limits = limits or Limits()
        self.memory: Budget = (memory or MemoryBudget()).of(self.address)
        """Counts the bytes that this peer makes us hold."""
        self.size = 0
        """Bytes of the last event read, without its header."""
        self._rate_limit = RateLimit(self._limits.events)
        enable_keepalive(writer)

    @staticmethod
    def refusal(text: str, code: str) -> bytes:
        """Return what is sent to a peer that may not connect, before it is hung up on."""
        return encode(Error(text, code).event())

    @property
    def protocol(self) -> str | None:
        """The protocol negotiated in a TLS connection (ALPN, RFC 7301), if any."""
        return self._tls.selected_alpn_protocol() if self._tls is not None else None

    @property
    def closed(self) -> bool:
        """Whether either side has hung up, even if the end was not read yet."""
        return self._reader.at_eof() or self._writer.is_closing()

    @contextmanager
    def working(self) -> Generator[None, None, None]:
        """Count a request in progress during this block, so that the peer is not idle."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            self.last_event = asyncio.get_running_loop().time()

    async def read(self) -> Event | None:
        """Return the next event; None if the peer ended the connection between two events.

        After an error, or after being cancelled, the connection is unusable.

        Raises:
            BadFrame: the data is not Wyoming, or too large.
            PeerClosed: the connection ended within a frame, or the rest of a frame did not arrive.
        """
        try:
            first = await self._reader.read(1)
            if not first:
                self._check_paired()
                return None
            async with asyncio.timeout(self._limits.frame):
                event = await self._frame(first)
        except TimeoutError as error:
            raise PeerClosed(f"{self.peer} stopped within an event") from error
        except asyncio.IncompleteReadError as error:
            raise PeerClosed(f"{self.peer} hung up within an event") from error
        except OSError as error:
            raise PeerClosed(f"the connection with {self.peer} broke: {_reason(error)}") from error
        self.events += 1
        if await self._rate_limit.step():
            self.slowed += 1
        self.last_event = asyncio.get_running_loop().time()
        return event

    async def write(self, event: Event) -> None:
        """Send an event. Raises `PeerClosed` if the peer has hung up or reads nothing any more."""
        await self.write_bytes(encode(event))

    async def write_bytes(self, frame: bytes) -> None:
        """Send a frame that is encoded already. Raises `PeerClosed` as `write`."""
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
            raise PeerClosed(f"{self.peer} hung up: {_reason(error)}") from error
        self.last_event = asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Hang up after sending what was written, in bounded time. Idempotent."""
        if not self._writer.is_closing():
            self._writer.close()
        try:
            async with asyncio.timeout(self._limits.close):
                await self._writer.wait_closed()
        except OSError:  # broken already, or too slow: closed either way
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Hang up at once, dropping what was not sent. Idempotent."""
        transport = self._writer.transport
        # a pipe must not be aborted twice; TLS does not report whether it is closed
        if not self._tls and transport.is_closing() and not transport.get_write_buffer_size():
            return
        transport.abort()

    def _check_paired(self) -> None:
        """Raise `PeerClosed` if a TLS server hung up without a single event.

        Python does not report the TLS alert by which a server refuses a key.
        """
        if self._tls is not None and not self.events and not self._tls.server_side:
            raise PeerClosed(f"{self.peer} hung up at once; {_UNPAIRED}")

    async def _frame(self, first: bytes) -> Event:
        try:
            line = first if first == b"\n" else first + await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise BadFrame(
                f"{self.peer} sent a line of more than {self._limits.header} bytes, "
                "which is not a Wyoming event"
            ) from error
        header = read_header(line, self._limits, self.peer)
        self.size = (header.data_length or 0) + (header.payload_length or 0)
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
        """Read `size` bytes, counting them as they arrive: announced bytes take no memory."""
        if size <= _SMALL:
            return await self._reader.readexactly(size)
        parts = bytearray()
        with reserved(self.memory) as add:
            while len(parts) < size:
                part = await self._reader.read(min(size - len(parts), _SMALL))
                if not part:
                    raise asyncio.IncompleteReadError(b"", size)
                add(len(part))
                parts += part
            return bytes(parts)


def _reason(error: BaseException) -> str:
    """Return the reason of a broken connection; for TLS, the alert of the other side."""
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return f"{error.reason}; {_UNPAIRED}"
    return str(error)
