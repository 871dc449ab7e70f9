"""The routes of the page: its files, its words, and the WebSocket."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial

import msgspec
from aiohttp import web

from satellite.http.page.content import Content
from satellite.http.page.house import House
from satellite.http.page.socket import serve
from satellite.http.page.static_files import PATH, StaticFiles
from satellite.http.page.words import words_for
from satellite.http.route import Route
from satellite.text.printable import printable_json

SOCKET = f"{PATH}socket"

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
        *StaticFiles(_HEADERS).routes(),
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
