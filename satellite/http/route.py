"""A route of the HTTP server, and what its handlers use."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any

import msgspec
from aiohttp import web

from satellite.http.auth import Caller
from satellite.text.printable import printable_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

Refuse = Callable[[int, str], web.Response]
"""Makes the answer to a request that is refused, of its status and the reason."""

CALLER: ContextVar[Caller] = ContextVar("caller")
"""The sender of the request that a task answers."""


class Route(msgspec.Struct, frozen=True):
    """What answers the requests of a method for a path, as aiohttp writes paths."""

    method: str
    path: str
    handler: Handler
    public: bool = False
    """Serve it without a log-in, too. `Host` and `Origin` are checked for all routes."""
    refused: Refuse | None = None
    """Makes the answer to a request that is not allowed, or of a path beside it (one with the same
    first part) that is not served; JSON with `error` by default."""


MakeRoutes = Callable[[], Sequence[Route]]
"""Returns routes. It is called in a thread, once."""


def caller() -> Caller:
    """Return the sender of the request that is answered, as it was checked; for its handler."""
    return CALLER.get()


def json_answer(
    facts: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Return an answer in JSON."""
    try:
        body = printable_json(msgspec.json.encode(facts)) + b"\n"
    except UnicodeEncodeError:  # bytes of a request that are no text, in a message about it
        body = json.dumps(facts).encode() + b"\n"
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
