"""An answer as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from aiohttp import web

from satellite.errors import EngineFailed, SatelliteError
from satellite.http.api.connection import ClientGone, send, while_connected
from satellite.http.api.route import EVENTS
from satellite.text.printable import printable_json

_LOGGER = logging.getLogger(__name__)

QUIET = 15.0
"""Seconds without an event after which a comment is sent: proxies end silent connections."""


class FailedEvent(msgspec.Struct, frozen=True, tag_field="event", tag="error"):
    """The request failed; the last event."""

    error: str
    code: str
    """The class of the error, as `busy` or `timeout`."""


async def stream_events(
    request: web.Request, events: AsyncGenerator[msgspec.Struct, None]
) -> web.StreamResponse:
    """Send structs as events, each named by its tag, as they come; an error is the last event.

    An error before the first event is raised, so that it becomes the answer's status.
    """
    response = web.StreamResponse(
        headers={"Content-Type": EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    try:
        async with while_connected(request), aclosing(_with_comments(events)) as pieces:
            async for piece in pieces:
                if not response.prepared:
                    await response.prepare(request)
                await send(request, response, piece)
    except ClientGone as error:
        _LOGGER.debug("%s: %s", request.path, error)
    except SatelliteError as error:
        if not response.prepared:
            raise
        _LOGGER.warning("%s: %s", request.path, error)
        await _send_last(request, response, FailedEvent(error=str(error), code=error.code))
    except Exception as error:
        _LOGGER.exception("%s failed", request.path)
        failed = EngineFailed(f"{type(error).__name__}: {error}")
        if not response.prepared:
            raise failed from error
        await _send_last(request, response, FailedEvent(error=str(failed), code=failed.code))
    return response


def encoded(event: msgspec.Struct) -> bytes:
    """Return an event as it is sent."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    name = data.get("event", "message")
    return b"event: %s\ndata: %s\n\n" % (name.encode(), printable_json(msgspec.json.encode(data)))


async def _send_last(
    request: web.Request, response: web.StreamResponse, event: msgspec.Struct
) -> None:
    try:
        await send(request, response, encoded(event))
    except ClientGone as error:
        _LOGGER.debug("%s: %s", request.path, error)


async def _with_comments(
    events: AsyncGenerator[msgspec.Struct, None],
) -> AsyncGenerator[bytes, None]:
    """Yield the events as bytes; after the first one, comments while none come.

    The events are made by one task, as an engine may hold time limits between two of them.
    """
    ready: asyncio.Queue[msgspec.Struct | None] = asyncio.Queue(1)

    async def make() -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    await ready.put(event)
        except Exception:
            await ready.put(None)
            raise
        await ready.put(None)

    making = asyncio.get_running_loop().create_task(make())
    begun = False
    try:
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    event = await ready.get()
            except TimeoutError:
                if begun:
                    yield b": working\n\n"
                continue
            if event is None:
                await making
                return
            begun = True
            yield encoded(event)
    finally:
        making.cancel()
        await asyncio.wait([making])
