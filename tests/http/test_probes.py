"""Pages told to other machines, and to the pages that browsers show."""

from __future__ import annotations

import asyncio

from satellite.http.probes import Page, as_json, probe_server
from satellite.http.token import Token

TOKEN = Token("a-token-of-the-tests")
PAGES = {
    "/healthz": lambda headers: as_json({"phase": "idle"}, True),
    "/metrics": lambda headers: Page(b"turns 1\n"),
}


async def get(port: int, path: str, *headers: str) -> tuple[int, bytes]:
    """A page's status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def test_this_machine_is_told_everything() -> None:
    async with probe_server(PAGES, "127.0.0.1", 0, TOKEN) as port:
        assert await get(port, "/metrics") == (200, b"turns 1\n")
        assert b"idle" in (await get(port, "/healthz"))[1]


async def test_others_are_told_the_status_alone_without_the_token() -> None:
    async with probe_server(PAGES, "0.0.0.0", 0, TOKEN) as port:
        assert await get(port, "/healthz") == (200, b"")
        refused, why = await get(port, "/metrics", "Authorization: Bearer a-token-of-nobody")
        assert refused == 401
        assert b"http.token_file" in why
        shown = "Authorization: Bearer a-token-of-the-tests"
        assert await get(port, "/metrics", shown) == (200, b"turns 1\n")


async def test_pages_of_others_get_nothing_even_with_the_token() -> None:
    shown = ("Authorization: Bearer a-token-of-the-tests", "Origin: https://elsewhere.example")
    async with probe_server(PAGES, "0.0.0.0", 0, TOKEN) as port:
        assert (await get(port, "/metrics", *shown))[0] == 403


async def test_where_no_token_was_made_no_one_else_is_told() -> None:
    async with probe_server(PAGES, "0.0.0.0", 0) as port:
        assert (await get(port, "/metrics", "Authorization: Bearer "))[0] == 401
