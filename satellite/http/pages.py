"""Pages for probes, scrapers and people: plain answers to GET, by path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from satellite.text.printable import printable_json

OK = 200
UNAVAILABLE = 503


class Page(msgspec.Struct, frozen=True):
    """An answer."""

    body: bytes
    kind: str = "text/plain; charset=utf-8"
    status: int = OK


MakePage = Callable[[Mapping[str, str]], Page]
"""Makes a page of the headers of the request."""

Pages = Mapping[str, MakePage]
"""What makes the page of each path."""


def as_json(value: object, good: bool) -> Page:
    """Return a page for programs; probes read its status only."""
    body = printable_json(msgspec.json.encode(value)) + b"\n"
    return Page(body, "application/json", OK if good else UNAVAILABLE)
