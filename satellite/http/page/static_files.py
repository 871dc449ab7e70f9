"""The files of the page, at addresses that name their version: a browser asks for each only once.

The service worker, the manifest and the icons have fixed addresses, and browsers ask whether they
have changed. Scripts and styles that are loaded later, as those of the view of the house, are below
the version, which is that of all files: modules import each other by relative addresses, so that
those of one page are of one version. The document has its own style and script; see
`satellite.http.page.document`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

from satellite.http.page.bundle import Bundle
from satellite.http.page.content import Content
from satellite.http.route import Route

PATH = "/page/"
"""Where everything but the page itself is."""

PAGE, STYLE, SCRIPT, WORKER = "index.html", "style.css", "app.js", "worker.js"

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

_TEXTS = (".html", ".css", ".js")

_VERSIONED = (".css", ".js")
"""Kinds of files whose addresses name the version, but for the service worker."""

_PLACEHOLDER = "{{version}}"
"""Stands for the version in the service worker."""

_LASTING = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For files that never change at their address (RFC 8246)."""


class StaticFiles:
    """The files in memory, and their version."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """`headers` go with each answer. Blocks while it reads and compresses the files."""
        entries = _entries()
        texts = {e.name: e.read_text("utf-8") for e in entries if _suffix(e.name) in _TEXTS}
        bundle = Bundle(SCRIPT, {n: text for n, text in texts.items() if n.endswith(".js")})
        self.version = _version(entries)
        self.page, self.style, self.script = texts.pop(PAGE), texts.pop(STYLE), bundle.text
        """What the document is made of."""
        del texts[SCRIPT]
        self._fixed: dict[str, Content] = {}
        self._lasting: dict[str, Content] = {}
        self._present: dict[str, Content] = {}
        """Files that have a version, and as they are answered where another one is asked for."""
        for entry in entries:
            name, suffix = entry.name, _suffix(entry.name)
            if name in bundle.names:
                body = bundle.stand_in(name).encode()
            elif name in texts:
                body = texts[name].replace(_PLACEHOLDER, self.version).encode()
            elif suffix in _TEXTS or suffix not in _KINDS:
                continue
            else:
                body = entry.read_bytes()
            if suffix in _VERSIONED and name != WORKER:
                self._lasting[name] = Content(body, _KINDS[suffix], {**headers, **_LASTING})
                self._present[name] = Content(body, _KINDS[suffix], headers)
            else:
                self._fixed[name] = Content(body, _KINDS[suffix], headers)

    def routes(self) -> list[Route]:
        """Return the routes of all files."""
        return [
            *(
                Route("GET", PATH + name, content.answer, public=True)
                for name, content in self._fixed.items()
            ),
            Route("GET", f"{PATH}{{version}}/{{name}}", self._answer, public=True),
        ]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file of a version.

        A page that was opened before an update gets the present files, which are not stored: its
        view of the house is loaded only when it is opened.
        """
        asked = request.match_info
        versions = self._lasting if asked["version"] == self.version else self._present
        if (content := versions.get(asked["name"])) is None:
            raise web.HTTPNotFound
        return await content.answer(request)


def _entries() -> list[Traversable]:
    return sorted((files(__package__) / "static").iterdir(), key=lambda entry: entry.name)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]


def _version(entries: list[Traversable]) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry.name.encode() + b"\0" + hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()[:16]
