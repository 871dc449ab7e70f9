"""Floods of messages that have no bytes: their senders are left, and cost the loop no time."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from satellite.http import event_stream
from satellite.http.websocket import BURST
from tests.http.page.visitor import visited
from tests.http.test_server import served_satellite

HELLO = json.dumps({"type": "hello", "id": "f" * 16}).encode()
FLOODS = {
    "sound": (2, b""),
    "texts": (1, b'{"type": "unmute"}'),
    "pings": (9, b""),
    "pongs": (10, b""),
    "commands": (1, b'{"command": "state"}'),
}


def frame(kind: int, content: bytes) -> bytes:
    """Return a message of a client."""
    return bytes([0x80 | kind, 0x80 | len(content)]) + bytes(4) + content


async def flood(address: str, path: str, first: bytes, flooding: bytes) -> None:
    """Connect, send something, then much; return when the connection was ended."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    writer.write(head.encode() + first)
    try:
        async with asyncio.timeout(20):
            assert b"101" in await reader.readuntil(b"\r\n\r\n")
            writer.write(flooding * round(4 * BURST))
            while await reader.read(65536):
                pass
    except ConnectionError:
        pass  # reset, as something was not read
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("kind", ["sound", "texts", "pings", "pongs"])
async def test_a_browser_that_floods_is_left(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async with visited() as page:
        await flood(page.address, "/page/socket", frame(1, HELLO), frame(*FLOODS[kind]))
        async with asyncio.timeout(10):
            while page.house.tabs:
                await asyncio.sleep(0.01)
        async with page.visitor() as browser:
            await browser.until(lambda: browser.of("welcome"))
    assert "too many messages" in caplog.text
    assert "Traceback" not in caplog.text
    assert "Error handling request" not in caplog.text


@pytest.mark.parametrize("kind", ["sound", "pings", "pongs", "commands"])
async def test_a_client_of_the_events_that_floods_is_left(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served_satellite() as api:
        await flood(api.address, "/events", b"", frame(*FLOODS[kind]))
        assert (await api.get("/api/state"))[0] == 200
    assert "Error handling request" not in caplog.text


async def test_pings_are_answered() -> None:
    async with (
        visited() as page,
        page.session.ws_connect(page.address + "/page/socket", autoping=False) as socket,
    ):
        await socket.send_str(HELLO.decode())
        await socket.ping(b"well?")
        while (answer := await socket.receive(timeout=10)).type is not aiohttp.WSMsgType.PONG:
            pass
        assert answer.data == b"well?"


async def test_commands_that_wait_are_bounded() -> None:
    async with served_satellite() as api, api.session.ws_connect(api.address + "/events") as socket:
        for _ in range(2 * event_stream.WAITING):
            await socket.send_str('{"command": "state"}')
        replies = 0
        while (message := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
            replies += 1
        assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION
        assert "wait already" in message.extra
        assert replies < event_stream.WAITING
