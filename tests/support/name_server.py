"""A name server that answers from a table: SRV records of names."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

Record = tuple[int, int, str]
"""Priority, port and target of an SRV record."""

_REFUSED = 5
_TRUNCATED = 0x0200
DATAGRAM = 512
"""Bytes of a datagram without EDNS (RFC 1035)."""


class NameServer(asyncio.DatagramProtocol):
    """Answers questions for SRV records; a name that is not in the table does not exist."""

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {}
        self.refuses = False
        self.asked = 0
        self.asked_by_tcp = 0
        self.tcp = True
        """Whether it answers by TCP."""
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        body = self._answer(data, DATAGRAM)
        assert self._transport is not None
        self._transport.sendto(data[:1] + b"\xff" + body[2:], addr)  # of another question
        self._transport.sendto(body, addr)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question by TCP."""
        self.asked_by_tcp += 1
        if self.tcp:
            body = self._answer(await reader.readexactly(_length(await reader.readexactly(2))))
            for part in (len(body).to_bytes(2), body[:20], body[20:]):
                writer.write(part)
                await writer.drain()
        writer.close()

    def _answer(self, data: bytes, limit: int = 1 << 16) -> bytes:
        """Return the answer with as many whole records as the limit allows."""
        name, end = _name(data)
        records = self.records.get(name)
        code = _REFUSED if self.refuses else 3 if records is None else 0
        body, count, flags = data[12 : end + 4], 0, 0x8180 | code
        for record in () if code else records or ():
            answer = _record(data[12:end], record)
            if 12 + len(body) + len(answer) > limit:
                flags |= _TRUNCATED
                break
            body, count = body + answer, count + 1
        return data[:2] + struct.pack(">5H", flags, 1, count, 0, 0) + body


def _length(prefix: bytes) -> int:
    return int.from_bytes(prefix)


def _name(data: bytes) -> tuple[str, int]:
    parts, place = [], 12
    while size := data[place]:
        parts.append(data[place + 1 : place + 1 + size].decode())
        place += size + 1
    return ".".join(parts), place + 1


def _record(name: bytes, record: Record) -> bytes:
    priority, port, target = record
    words = b"".join(bytes([len(part)]) + part.encode() for part in target.split(".")) + b"\0"
    data = struct.pack(">3H", priority, 0, port) + words
    return name + struct.pack(">2HIH", 33, 1, 5, len(data)) + data


@asynccontextmanager
async def name_server() -> AsyncGenerator[NameServer, None]:
    """Run a name server on the loopback during this block."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    try:
        async with await asyncio.start_server(protocol.connected, "127.0.0.1", protocol.port):
            yield protocol
    finally:
        transport.close()
