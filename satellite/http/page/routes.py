"""The routes of the page: its files, its words, and the WebSocket."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.resources import files

import msgspec
from aiohttp import web

from satellite.http.page.content import Content
from satellite.http.page.house import House
from satellite.http.page.socket import serve
from satellite.http.page.words import words_for
from satellite.http.route import Route
from satellite.text.printable import printable_json

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

_WORDS_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}


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
            content = Content(entry.read_bytes(), kind, _HEADERS)
            routes.append(Route("GET", path, content.answer, public=True))
    return routes


async def _words(request: web.Request) -> web.StreamResponse:
    wanted = request.query.get("language", "") or request.headers.get("Accept-Language", "")
    content = await asyncio.to_thread(_words_content, wanted)
    return await content.answer(request)


def _words_content(wanted: str) -> Content:
    body = printable_json(msgspec.json.encode(words_for(wanted)))
    return Content(body, "application/json", _WORDS_HEADERS)
