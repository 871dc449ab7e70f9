"""The event log as a WebSocket: one line of JSON in each message, as it happens; and commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from satellite.http.websocket import TooManyMessages, incoming
from satellite.lib.bus import Bus, Subscription
from satellite.text.printable import printable_json

_LOGGER = logging.getLogger(__name__)

BEHIND = 500
"""Events that wait for a client: a few busy turns. A client that is further behind is dropped."""

PATIENCE = 10.0
"""Seconds for a client to take an event."""

PAUSE = 0.02
"""Seconds between two commands of a client, so that none keeps the satellite from its work."""

WAITING = 250
"""Commands of a client that wait: five seconds of them."""

HEARTBEAT = 20.0
"""Seconds between two pings."""

_LONGEST = 4096
"""Bytes of a command from a client."""


async def stream(
    request: web.Request, bus: Bus, reply_to: Callable[[str], bytes]
) -> web.WebSocketResponse:
    """Send a client every event, and the replies to its commands, until it leaves, or is too slow.

    Raises `ConnectionResetError` if it has left before the first one.
    """
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT,
        max_msg_size=_LONGEST,
        timeout=PATIENCE,
        compress=False,
        autoping=False,  # `incoming` does it
    )
    try:
        await socket.prepare(request)
    except (OSError, RuntimeError) as error:
        raise ConnectionResetError("the client left while it was let in") from error
    async with (
        bus.subscribe(f"the client {request.remote}", BEHIND) as happening,
        asyncio.TaskGroup() as tasks,
    ):
        commands = asyncio.Queue[str](WAITING)
        working = (
            tasks.create_task(_send_events(socket, request, happening)),
            tasks.create_task(_answer_commands(socket, request, commands, reply_to)),
        )
        try:
            await _read_commands(socket, request, commands)
        finally:
            for task in working:
                task.cancel()
    return socket


async def _read_commands(
    socket: web.WebSocketResponse, request: web.Request, commands: asyncio.Queue[str]
) -> None:
    """Queue the commands of a client until it leaves, or sends too many."""
    try:
        async with aclosing(incoming(socket)) as arriving:
            async for message in arriving:
                if message.type is not WSMsgType.TEXT:
                    await _drop(socket, request, "commands are text", WSCloseCode.UNSUPPORTED_DATA)
                    return
                if commands.full():
                    raise TooManyMessages(f"{WAITING} of your commands wait already")
                commands.put_nowait(message.data)
    except TooManyMessages as error:
        _LOGGER.warning("dropped the client %s: it sent too many commands", request.remote)
        await _drop(socket, request, str(error), WSCloseCode.POLICY_VIOLATION)


async def _answer_commands(
    socket: web.WebSocketResponse,
    request: web.Request,
    commands: asyncio.Queue[str],
    reply_to: Callable[[str], bytes],
) -> None:
    """Reply to each command before the next, until the client leaves."""
    while True:
        reply = printable_json(reply_to(await commands.get())).decode()
        try:
            async with asyncio.timeout(PATIENCE):
                await socket.send_str(reply)
        except TimeoutError:
            await _drop(socket, request, f"too slow: you took nothing for {PATIENCE:g} s")
            return
        except (OSError, RuntimeError):
            return  # the client has left
        await asyncio.sleep(PAUSE)


async def _send_events(
    socket: web.WebSocketResponse, request: web.Request, happening: Subscription
) -> None:
    async for event in happening:
        reason = ""
        try:
            async with asyncio.timeout(PATIENCE):
                await socket.send_str(printable_json(msgspec.json.encode(event)).decode())
        except TimeoutError:
            reason = f"took nothing for {PATIENCE:g} s"
        except (OSError, RuntimeError):
            return  # the client has left
        if happening.dropped:
            reason = f"is more than {BEHIND} events behind"
        if reason:
            _LOGGER.warning("dropped the client %s: it %s", request.remote, reason)
            await _drop(socket, request, f"too slow: you {reason}")
            return
    await _drop(socket, request, "the satellite ends", WSCloseCode.GOING_AWAY)


async def _drop(
    socket: web.WebSocketResponse,
    request: web.Request,
    reason: str,
    code: int = WSCloseCode.TRY_AGAIN_LATER,
) -> None:
    try:
        async with asyncio.timeout(1.0):  # for a client that still reads; others are cut off
            await socket.close(code=code, message=reason.encode()[:120])
    except (TimeoutError, OSError, RuntimeError):
        pass
    if request.transport is not None:
        request.transport.abort()
