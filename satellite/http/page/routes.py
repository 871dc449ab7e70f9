"""The routes of the page: its files, its words, and the WebSocket."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from importlib.resources import files

from aiohttp import web

from satellite.http.page.house import House
from satellite.http.page.socket import serve
from satellite.http.page.words import words_for
from satellite.http.route import Route, json_answer

PATH = "/page/"
"""Where everything but the page itself is."""

SOCKET = f"{PATH}socket"

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The content security policy: nothing from elsewhere, nothing inline."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self), screen-wake-lock=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Service-Worker-Allowed": "/",
}


def page_routes(house: House) -> list[Route]:
    """Return the routes. The files hold no secret; everything else needs a log-in. Blocks."""
    return [
        Route("GET", SOCKET, partial(serve, house=house)),
        Route("GET", f"{PATH}words", _words, public=True),
        *_files(),
    ]


def _files() -> list[Route]:
    routes = []
    for entry in (files(__package__) / "static").iterdir():
        kind = _KINDS.get(entry.name[entry.name.rfind(".") :])
        if kind is not None:
            path = "/" if entry.name == "index.html" else PATH + entry.name
            routes.append(Route("GET", path, _File(entry.read_bytes(), kind).answer, public=True))
    return routes


class _File:
    """A file of the page, in memory: all of them have under 150 kB."""

    def __init__(self, content: bytes, kind: str) -> None:
        self._content = content
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
        self._headers = {**_HEADERS, "Content-Type": kind, "ETag": self._tag}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with the file, or that the browser has it already."""
        if self._tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=self._headers)
        return web.Response(body=self._content, headers=self._headers)


async def _words(request: web.Request) -> web.StreamResponse:
    wanted = request.query.get("language", "") or request.headers.get("Accept-Language", "")
    found = await asyncio.to_thread(words_for, wanted)
    return json_answer(found, headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})
