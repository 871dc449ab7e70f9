"""The WebSocket of a browser: sound and messages up, sound and events down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from satellite.errors import EngineBusy, SatelliteError, UsageError
from satellite.http.page import messages
from satellite.http.page.house import Ending, House
from satellite.http.page.outgoing import Outgoing, TooSlow
from satellite.http.websocket import TooManyMessages, incoming
from satellite.lib.taskgroups import first_error

_LOGGER = logging.getLogger(__name__)

FIRST = 10.0
"""Seconds for a browser to say hello."""

HEARTBEAT = 15.0
"""Seconds between two pings; a browser that does not answer one for half of that is lost."""

PATIENCE, AT_ONCE = 1.5, 0.1
"""Seconds for a browser to take the end of its connection: usually, and while it floods us."""

SUPERSEDED = 4001
"""Close code: the same tab has connected again."""
FULL = 4002
"""Close code: too many browsers are connected."""
WRONG = 4003
"""Close code: a message was not understood."""

CODES = {Ending.SUPERSEDED: SUPERSEDED, Ending.STOPPED: WSCloseCode.GOING_AWAY}


async def serve(request: web.Request, house: House) -> web.StreamResponse:
    """Serve a browser until it leaves, or the house ends it."""
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT,
        max_msg_size=messages.LARGEST,
        timeout=1.0,
        compress=False,
        autoping=False,  # `incoming` does it
    )
    try:
        await socket.prepare(request)
    except (OSError, RuntimeError) as error:
        raise ConnectionResetError("the browser left while it was let in") from error
    await _converse(request, socket, house)
    return socket


async def _converse(request: web.Request, socket: web.WebSocketResponse, house: House) -> None:
    try:
        async with aclosing(incoming(socket)) as arriving:
            async with asyncio.timeout(FIRST):
                first = await anext(arriving, None)
            if first is None:
                return
            if first.type is not WSMsgType.TEXT:
                raise UsageError("say hello first")
            hello = messages.read(first.data)
            if not isinstance(hello, messages.Hello):
                raise UsageError("say hello first")
            with first_error(SatelliteError):
                await _visit(request, socket, house, hello, arriving)
    except TooManyMessages as error:
        _LOGGER.warning("dropped the browser %s: it sent too many messages", request.remote)
        await _close(socket, WRONG, str(error), AT_ONCE)
        if request.transport is not None:
            request.transport.abort()
    except UsageError as error:
        await _close(socket, WRONG, str(error))
    except TimeoutError:
        await _close(socket, WRONG, f"no hello in {FIRST:g} s")
    except EngineBusy as error:
        await _close(socket, FULL, str(error))
    except SatelliteError as error:
        _LOGGER.warning("the page of %s cannot be served: %s", request.remote, error)
        await _close(socket, WSCloseCode.INTERNAL_ERROR, str(error))


async def _visit(
    request: web.Request,
    socket: web.WebSocketResponse,
    house: House,
    hello: messages.Hello,
    arriving: AsyncIterator[WSMessage],
) -> None:
    outgoing = Outgoing()
    async with asyncio.TaskGroup() as tasks:

        def end(why: Ending) -> None:
            tasks.create_task(_close(socket, CODES[why], why.value))

        sending = tasks.create_task(_send(request, socket, outgoing), name="browser's messages")
        try:
            async with house.visited(hello, outgoing, end) as browser:
                async for message in arriving:
                    if message.type is WSMsgType.BINARY:
                        browser.hear(message.data)
                    else:
                        browser.take(messages.read(message.data))
        finally:
            sending.cancel()


async def _send(request: web.Request, socket: web.WebSocketResponse, outgoing: Outgoing) -> None:
    async def send(message: str | bytes) -> None:
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)

    try:
        await outgoing.run(send)
    except TooSlow as error:
        _LOGGER.warning("dropped the browser %s: %s", request.remote, error)
        if request.transport is not None:
            request.transport.abort()
    except (OSError, RuntimeError) as error:
        _LOGGER.debug("the browser %s is gone: %s", request.remote, error)


async def _close(
    socket: web.WebSocketResponse, code: int, reason: str, patience: float = PATIENCE
) -> None:
    try:
        async with asyncio.timeout(patience):
            # as a message, too: a proxy between may end the connection by a code of its own
            await socket.send_json({"event": "closing", "code": code, "reason": reason})
            await socket.close(code=code, message=reason.encode()[:120])
    except (TimeoutError, OSError, RuntimeError):
        _LOGGER.debug("a browser did not take the end of its connection: %s", reason)
