"""The page itself: one document with its style, its script and its words, in each language.

Nothing that it shows waits for a second request: browsers take several times as long for a dozen
small files as for one. The content security policy names style and script by their digests.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache

import msgspec
from aiohttp import web

from satellite.http.page.content import Content
from satellite.http.page.static_files import StaticFiles
from satellite.http.page.words import words_for
from satellite.text.printable import printable_json

_KIND = "text/html; charset=utf-8"

POLICY = (
    "default-src 'none'; script-src 'self' '{script}'; style-src 'self' '{style}'; "
    "img-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and nothing inline but what is ours."""


class Document:
    """The page, which is made once for each language and stays in memory."""

    def __init__(self, files: StaticFiles, headers: Mapping[str, str]) -> None:
        """`headers` go with each answer."""
        self._files = files
        policy = POLICY.format(script=_digest(files.script), style=_digest(files.style))
        self._headers = {**headers, "Content-Security-Policy": policy, "Vary": "Accept-Language"}
        self._content = lru_cache(maxsize=32)(self._made)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with the page in the first language of the browser that has words."""
        accepted = request.headers.get("Accept-Language", "")
        language = (await asyncio.to_thread(words_for, accepted))["language"]
        content = await asyncio.to_thread(self._content, language)
        return await content.answer(request)

    def _made(self, language: str) -> Content:
        """Blocks while it compresses the page."""
        words = printable_json(msgspec.json.encode(words_for(language)))
        filled = {
            "language": language,
            "version": self._files.version,
            "style": self._files.style,
            "words": words.decode().replace("<", "\\u003c"),  # never the end of its element
            "script": self._files.script,
        }
        parts = self._files.page.split("{{")
        text = parts[0] + "".join(
            filled[name] + rest for name, _, rest in (part.partition("}}") for part in parts[1:])
        )
        return Content(text.encode(), _KIND, self._headers)


def _digest(text: str) -> str:
    """Return the digest of an element's content, as the policy writes it (CSP level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
