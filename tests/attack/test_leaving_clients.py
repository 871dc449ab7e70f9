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


@pytest.mark.parametrize("request_", [BODY, SOCKET, BODY[:40]], ids=["body", "socket", "head"])
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
