"""Routes with the types of what they take and give, from which they are described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web

from satellite.errors import UsageError
from satellite.http.body import read_body
from satellite.http.request_body import SMALL
from satellite.http.route import Route
from satellite.lib.decoding import Undecodable, from_json
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.options import plain
from satellite.text.printable import printable_json

JSON = "application/json"
EVENTS = "text/event-stream"

T = TypeVar("T")


class ErrorAnswer(msgspec.Struct, frozen=True):
    """The answer to a request that failed."""

    error: str
    """The fault, its place, and the remedy."""


class Nothing(msgspec.Struct, frozen=True):
    """An empty object."""


class ApiRoute(Route, frozen=True, kw_only=True):
    """A route with its description."""

    summary: str
    query: type[msgspec.Struct] | None = None
    """The parameters after the question mark."""
    takes: Mapping[str, Any] = {}
    """The type of the body by its media type; None for sound."""
    gives: Mapping[str, Any] = {}
    """The type of the answer by its media type; None for sound. That of a stream of events is a
    union of their types."""
    statuses: tuple[int, ...] = (200,)
    """Of answers that succeed."""
    fails: type[msgspec.Struct] = ErrorAnswer


async def body_of(request: web.Request, memory: MemoryBudget, kind: type[T]) -> T:
    """Return the JSON of a request as a type; an empty body has no fields.

    Raises `UsageError` for another one, and what `read_body` raises.
    """
    with reserved(memory.of(request.remote or "")) as add:
        body = await read_body(request, add)
        if len(body) > SMALL:
            raise web.HTTPRequestEntityTooLarge(
                SMALL, len(body), reason=f"a request has at most {SMALL} bytes of JSON"
            )
        return decoded(body, kind)


def decoded(body: bytes, kind: type[T]) -> T:
    """Return JSON as a type. Raises `UsageError`."""
    try:
        return from_json(body.strip() or b"{}", kind)
    except Undecodable as error:
        raise UsageError(f"the request is not as expected: {plain(str(error))}") from error


def query_of(request: web.Request, kind: type[T]) -> T:
    """Return the parameters of a request as a type. Raises `UsageError`."""
    facts = dict(request.query)
    try:
        return msgspec.convert(facts, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"the parameters of the address are not as expected: {plain(str(error))}"
        ) from error


def json_answer(value: Any, status: int = 200) -> web.Response:
    """Return an answer in JSON."""
    body = printable_json(msgspec.json.encode(value)) + b"\n"
    return web.Response(body=body, status=status, content_type=JSON)


def wants_events(request: web.Request) -> bool:
    """Return whether a client asks for server-sent events by `Accept`."""
    return EVENTS in request.headers.get("Accept", "")


LanguageCode = Annotated[str, msgspec.Meta(max_length=35, description="As en, or pt-BR")]
ModelName = Annotated[str, msgspec.Meta(max_length=200)]
