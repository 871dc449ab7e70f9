"""The routes of the page: its files, its words, and the WebSocket."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial

import msgspec
from aiohttp import web

from satellite.http.page.content import Content
from satellite.http.page.document import Document
from satellite.http.page.house import House
from satellite.http.page.socket import serve
from satellite.http.page.static_files import PATH, StaticFiles
from satellite.http.page.words import words_for
from satellite.http.route import Route
from satellite.text.printable import printable_json

SOCKET = f"{PATH}socket"

_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
"""The content security policy of what is no document: the service worker may ask for our files."""

_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "microphone=(self), screen-wake-lock=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Service-Worker-Allowed": "/",
}

_WORDS_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}


def page_routes(house: House) -> list[Route]:
    """Return the routes. The files hold no secret; everything else needs a log-in. Blocks."""
    static = StaticFiles(_HEADERS)
    return [
        Route("GET", "/", Document(static, _HEADERS).answer, public=True),
        Route("GET", SOCKET, partial(serve, house=house)),
        Route("GET", f"{PATH}words", _words, public=True),
        *static.routes(),
    ]


async def _words(request: web.Request) -> web.StreamResponse:
    wanted = request.query.get("language", "") or request.headers.get("Accept-Language", "")
    language = (await asyncio.to_thread(words_for, wanted))["language"]
    content = await asyncio.to_thread(_words_content, language)
    return await content.answer(request)


@lru_cache(maxsize=32)
def _words_content(language: str) -> Content:
    """Return the words of a language, which are compressed once. Blocks."""
    body = printable_json(msgspec.json.encode(words_for(language)))
    return Content(body, "application/json", _WORDS_HEADERS)
