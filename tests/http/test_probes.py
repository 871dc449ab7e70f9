"""The port for probes: its pages, its bounds, and what it never serves."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from satellite.http import connections, probes
from satellite.http.pages import Page, as_json
from satellite.http.probes import probe_server
from satellite.http.token import Token

TOKEN = Token("a-token-of-the-tests")
PAGES = {
    "/healthz": lambda headers: as_json({"phase": "idle"}, True),
    "/metrics": lambda headers: Page(b"turns 1\n"),
}


async def get(port: int, path: str, *headers: str) -> tuple[int, bytes]:
    """A page's status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", "Host: here", *headers, "", ""]).encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def test_this_machine_gets_every_page() -> None:
    async with probe_server(PAGES, "127.0.0.1", 0, TOKEN) as port:
        assert await get(port, "/metrics") == (200, b"turns 1\n")
        assert b"idle" in (await get(port, "/healthz"))[1]


async def test_other_machines_get_the_bare_status_without_the_token() -> None:
    async with probe_server(PAGES, "0.0.0.0", 0, TOKEN) as port:
        assert await get(port, "/healthz") == (200, b"")
        refused, why = await get(port, "/metrics", "Authorization: Bearer another-token")
        assert refused == 401
        assert b"http.token_file" in why
        shown = "Authorization: Bearer a-token-of-the-tests"
        assert await get(port, "/metrics", shown) == (200, b"turns 1\n")


async def test_web_pages_get_nothing_even_with_the_token() -> None:
    shown = ("Authorization: Bearer a-token-of-the-tests", "Origin: https://elsewhere.example")
    async with probe_server(PAGES, "0.0.0.0", 0, TOKEN) as port:
        assert (await get(port, "/metrics", *shown))[0] == 403


async def test_without_a_token_other_machines_get_nothing() -> None:
    async with probe_server(PAGES, "0.0.0.0", 0) as port:
        assert (await get(port, "/metrics", "Authorization: Bearer "))[0] == 401


@pytest.mark.parametrize("path", ["/api/state", "/api/mute", "/events", "/healthz/", "/"])
async def test_nothing_but_the_pages_is_served(path: str) -> None:
    async with probe_server(PAGES, "127.0.0.1", 0, TOKEN) as port:
        status, body = await get(port, path, "Authorization: Bearer a-token-of-the-tests")
        assert (status, body) == (404, b"pages: /healthz, /metrics\n")


async def dropped(port: int, sent: bytes) -> bytes:
    """Send something that is no request, and return the answer until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    received = b""
    with suppress(ConnectionError):
        received = await reader.read()
    writer.close()
    return received


async def test_a_head_that_is_too_long_is_dropped_unanswered() -> None:
    head = b"GET /metrics HTTP/1.1\r\nHost: here\r\nX: " + b"x" * connections.HEAD
    async with asyncio.timeout(5), probe_server(PAGES, "127.0.0.1", 0) as port:
        assert await dropped(port, head + b"\r\n\r\n") == b""
        assert await get(port, "/metrics") == (200, b"turns 1\n")


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost: here\r\nX: "])
async def test_a_client_without_a_whole_request_is_dropped(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "FIRST", 0.05)
    async with asyncio.timeout(5), probe_server(PAGES, "127.0.0.1", 0) as port:
        assert await dropped(port, sent) == b""


async def test_a_client_that_does_not_take_the_answer_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "PATIENCE", 0.2)
    pages = {"/metrics": lambda headers: Page(b"x" * 50_000_000)}
    async with asyncio.timeout(10), probe_server(pages, "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(50_000_000)
        writer.close()


async def test_more_clients_than_places_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    async with asyncio.timeout(5), probe_server(PAGES, "127.0.0.1", 0) as port:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert await dropped(port, b"") == b""
        for _, writer in waiting:
            writer.close()
            await writer.wait_closed()
        await asyncio.sleep(0.05)
        assert (await get(port, "/healthz"))[0] == 200


async def test_a_request_that_is_not_http_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with probe_server(PAGES, "127.0.0.1", 0) as port:
        assert b" 400 " in await dropped(port, b"EHLO mail\r\n\r\n")
    assert "Traceback" not in caplog.text
