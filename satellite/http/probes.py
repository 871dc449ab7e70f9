"""A port for probes and scrapers alone: health and metrics, and nothing that controls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from satellite.http.connections import HttpServer, listening_sockets
from satellite.http.pages import MakePage, Page, Pages
from satellite.http.token import Token, is_here

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

PATIENCE = 5.0
"""Seconds in which a client must ask and take the answer."""

_TOKEN_WANTED = (
    b"this page needs the token: Authorization: Bearer ... (setting http.token_file, "
    b"or SATELLITE_HTTP_TOKEN)\n"
)

PROBED = ("/healthz", "/readyz")
"""Pages whose status needs no token: the probes of Kubernetes and others send none."""


@asynccontextmanager
async def probe_server(
    pages: Pages, host: str, port: int, token: Token | None = None
) -> AsyncGenerator[int, None]:
    """Serve the pages during this block; yield the port.

    Where other machines can connect, they must send the token, and get the bare status of `PROBED`
    without it. Raises `OSError` where nothing can listen at the address.
    """
    if not is_here(host):
        pages = {path: _guarded(path, make, token) for path, make in pages.items()}

    def runner() -> AppRunner:
        from satellite.http import application  # see `satellite.http.server`

        return application.probe_runner(pages)

    listeners = listening_sockets(host, port, every=True)
    server = HttpServer(listeners, runner, life=PATIENCE)
    async with server.open():
        await server.prepare()  # probes come for sure, and some wait for one second only
        yield listeners[0].getsockname()[1]


def _guarded(path: str, make: MakePage, token: Token | None) -> MakePage:
    def guarded(headers: Mapping[str, str]) -> Page:
        if "origin" in headers:
            return Page(b"not for web pages\n", status=403)
        if token is not None and token.opens(headers.get("authorization", "")):
            return make(headers)
        if path in PROBED:
            return msgspec.structs.replace(make(headers), body=b"", kind="text/plain")
        return Page(_TOKEN_WANTED, status=401)

    return guarded
