"""A file of the page as browsers ask for it: compressed, and only where they lack it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping

from aiohttp import web

_PICTURES = ("image/png",)
"""Kinds that are compressed already."""

_GZIP = "gzip"


class Content:
    """A file in memory, and its form in gzip where that is smaller."""

    def __init__(self, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        """`kind` is the media type; `headers` go with each answer. Blocks while it compresses."""
        self._body = body
        smaller = b"" if kind in _PICTURES else gzip.compress(body, mtime=0)
        self._compressed = smaller if len(smaller) < len(body) else b""
        self._tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        self._compressed_tag = f'{self._tag[:-1]}-gz"'  # of other bytes: RFC 9110, 8.8.3.3
        varies = ", ".join(filter(None, (headers.get("Vary"), "Accept-Encoding")))
        self._headers = {**headers, "Content-Type": kind, "Vary": varies}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with the file, or that the browser has it already."""
        shrunk = bool(self._compressed) and _accepts_gzip(request.headers)
        headers = {**self._headers, "ETag": self._compressed_tag if shrunk else self._tag}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        if not shrunk:
            return web.Response(body=self._body, headers=headers)
        headers["Content-Encoding"] = _GZIP
        return web.Response(body=self._compressed, headers=headers)


def _accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Return whether Accept-Encoding names gzip, and not with a weight of 0 (RFC 9110, 12.5.3)."""
    for part in headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == _GZIP:
            return weight.strip() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
