"""Clients of the HTTP API that leave in the middle: strangers write no lines into the log."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.http.test_server import served_satellite

BODY = b"POST /api/announce HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"
SOCKET = (
    b"GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
EXPECT = BODY.replace(b"\r\n\r\n{", b"\r\nExpect: 100-continue\r\n\r\n") * 20


@pytest.mark.parametrize(
    "request_", [BODY, SOCKET, BODY[:40], EXPECT], ids=["body", "socket", "head", "expect"]
)
@pytest.mark.parametrize("abort", [True, False], ids=["abort", "close"])
@pytest.mark.parametrize("after", [0.0, 0.1])
async def test_a_client_that_leaves_is_no_error(
    caplog: pytest.LogCaptureFixture, request_: bytes, abort: bool, after: float
) -> None:
    caplog.set_level(logging.INFO)
    async with served_satellite() as served:
        host, _, port = served.address.removeprefix("http://").rpartition(":")
        for _ in range(8):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(request_)
            await writer.drain()
            await asyncio.sleep(after)
            if abort:
                writer.transport.abort()
            else:
                writer.close()
        await asyncio.sleep(0.3)
        assert (await served.get("/api/state"))[0] == 200
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING or r.exc_info]


@pytest.mark.parametrize(
    "header",
    [
        b"Host: \xff\x9c",
        b"Host: localhost\r\nOrigin: http://\xff",
        b"Host: localhost\r\nExpect: \xff",
    ],
)
async def test_bytes_that_are_no_text_are_refused(
    caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    async with served_satellite() as served:
        host, _, port = served.address.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /api/state HTTP/1.1\r\n" + header + b"\r\n\r\n")
        assert (await reader.readline()).split()[1] in (b"403", b"417", b"500")
        writer.close()
    assert not [r for r in caplog.records if r.exc_info]
