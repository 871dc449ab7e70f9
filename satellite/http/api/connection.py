"""The client's side of a request in progress: whether it is still there, and reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

_LOGGER = logging.getLogger(__name__)

LOOK = 0.1
"""Seconds between two looks: an engine stops within 0.3 s of its client's leaving."""

PATIENCE = 60.0
"""Seconds for a client to take what it was sent, as `limits.write` of the other ports."""


class ClientGone(ConnectionResetError):
    """The client has closed its connection, or takes nothing any more."""


@asynccontextmanager
async def while_connected(request: web.Request) -> AsyncGenerator[None, None]:
    """Cancel this block once the client has left. Raises `ClientGone` then."""
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if is_gone(request):
            scope.reschedule(loop.time())
        else:
            timer = loop.call_later(LOOK, look)

    try:
        async with scope:
            look()
            yield
    except TimeoutError as error:
        if scope.expired():
            raise ClientGone("the client has left") from error
        raise
    finally:
        if timer is not None:
            timer.cancel()


def is_gone(request: web.Request) -> bool:
    """Return whether the client has closed its connection."""
    return request.transport is None or request.transport.is_closing()


async def send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Send a piece of an answer. Raises `ClientGone`, and cuts off a client that takes nothing."""
    try:
        async with asyncio.timeout(PATIENCE):
            await response.write(data)
    except TimeoutError as error:
        _LOGGER.warning("dropped the client %s: it took nothing for %g s", request.remote, PATIENCE)
        cut_off(request)
        raise ClientGone("the client does not read") from error
    except (OSError, RuntimeError) as error:
        raise ClientGone("the client has left") from error


def cut_off(request: web.Request) -> None:
    """End the connection at once, so that the client sees an answer that breaks off."""
    if request.transport is not None:
        request.transport.abort()
