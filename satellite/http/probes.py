"""A few pages told by HTTP to those who look after machines: probes, scrapers, people."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from satellite.http.token import Token, is_here

_LOGGER = logging.getLogger(__name__)

_ASKING = 5.0
"""Seconds a client has for its question and for taking the answer."""
_CLIENTS = 8
"""Clients answered at once."""
_LONGEST = 16 * 1024
"""Bytes of a question; a browser's has two thousand."""

_TOKEN_WANTED = (
    b"told to those who show the token: Authorization: Bearer ... (setting http.token_file, "
    b"or SATELLITE_HTTP_TOKEN)\n"
)

OK = "200 OK"
UNAVAILABLE = "503 Service Unavailable"
PROBED = ("/healthz", "/readyz")
"""Pages whose status anybody may know: probes have no token."""


class Page(msgspec.Struct, frozen=True):
    """An answer."""

    body: bytes
    kind: str = "text/plain; charset=utf-8"
    status: str = OK


Pages = Mapping[str, Callable[[Mapping[str, str]], Page]]
"""What makes the page of a path, of the question's headers (names in small letters)."""


def as_json(value: object, good: bool) -> Page:
    """A page for programs, of which probes read the status alone."""
    body = msgspec.json.encode(value) + b"\n"
    return Page(body, "application/json", OK if good else UNAVAILABLE)


@asynccontextmanager
async def probe_server(
    pages: Pages, host: str, port: int, token: Token | None = None
) -> AsyncGenerator[int, None]:
    """Answer questions for the pages during this block; yield the port.

    Where other machines can ask, they have to show the token, and get no more than the status of
    `PROBED` without. Raises `OSError` where nothing can listen there.
    """
    if not is_here(host):
        pages = {path: _guarded(path, make, token) for path, make in pages.items()}
    places = asyncio.Semaphore(_CLIENTS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_ASKING), places:
                writer.write(_answer(pages, await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _LOGGER.debug("somebody did not ask, or did not take what was asked for")
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, port, limit=_LONGEST)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _guarded(
    path: str, make: Callable[[Mapping[str, str]], Page], token: Token | None
) -> Callable[[Mapping[str, str]], Page]:
    def guarded(headers: Mapping[str, str]) -> Page:
        if "origin" in headers:
            return Page(b"not for the pages of others\n", status="403 Forbidden")
        if token is not None and token.opens(headers.get("authorization", "")):
            return make(headers)
        if path in PROBED:
            return msgspec.structs.replace(make(headers), body=b"", kind="text/plain")
        return Page(_TOKEN_WANTED, status="401 Unauthorized")

    return guarded


def _answer(pages: Pages, question: bytes) -> bytes:
    line, _, rest = question.decode("latin-1").partition("\r\n")
    method, _, target = line.partition(" ")
    make = pages.get(target.partition(" ")[0].partition("?")[0])
    if method not in ("GET", "HEAD") or make is None:
        known = f"there are: {', '.join(path for path in pages if path != '/')}\n"
        return _http(Page(known.encode(), status="404 Not Found"), "GET")
    return _http(
        make(dict(_header(header) for header in rest.split("\r\n") if ":" in header)), method
    )


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _http(page: Page, method: str) -> bytes:
    body = b"" if method == "HEAD" else page.body
    head = f"HTTP/1.1 {page.status}\r\nContent-Type: {page.kind}\r\n"
    return (head + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body
