"""The event log as a WebSocket: one line of JSON in each message, as it happens."""

from __future__ import annotations

import asyncio
import logging

import msgspec
from aiohttp import WSCloseCode, web

from satellite.lib.bus import Bus, Subscription

_LOGGER = logging.getLogger(__name__)

BEHIND = 500
"""Events that wait for a client: a few busy turns. Who is further behind is left alone."""

PATIENCE = 10.0
"""Seconds for a client to take an event."""

HEARTBEAT = 20.0
"""Seconds between two questions whether a client is still there."""

_LONGEST = 4096
"""Bytes of a message of a client, which has nothing to say."""


async def stream(request: web.Request, bus: Bus) -> web.WebSocketResponse:
    """Tell a client every event until it leaves, or is too slow."""
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT, max_msg_size=_LONGEST, timeout=PATIENCE, compress=False
    )
    await socket.prepare(request)
    async with (
        bus.subscribe(f"the client {request.remote}", BEHIND) as happening,
        asyncio.TaskGroup() as tasks,
    ):
        telling = tasks.create_task(_send_events(socket, request, happening))
        try:
            async for _ in socket:  # nothing is expected; this notices that it leaves
                pass
        finally:
            telling.cancel()
    return socket


async def _send_events(
    socket: web.WebSocketResponse, request: web.Request, happening: Subscription
) -> None:
    async for event in happening:
        why = ""
        try:
            async with asyncio.timeout(PATIENCE):
                await socket.send_str(msgspec.json.encode(event).decode())
        except TimeoutError:
            why = f"took nothing for {PATIENCE:g} s"
        except (OSError, RuntimeError):
            return  # it has left
        if happening.dropped:
            why = f"is more than {BEHIND} events behind"
        if why:
            _LOGGER.warning("dropped the client %s: it %s", request.remote, why)
            await _drop(socket, request, f"too slow: you {why}")
            return
    await _drop(socket, request, "the satellite ends", WSCloseCode.GOING_AWAY)


async def _drop(
    socket: web.WebSocketResponse,
    request: web.Request,
    why: str,
    code: int = WSCloseCode.TRY_AGAIN_LATER,
) -> None:
    try:
        async with asyncio.timeout(1.0):  # for one that reads on; others are cut off
            await socket.close(code=code, message=why.encode()[:120])
    except (TimeoutError, OSError, RuntimeError):
        pass
    if request.transport is not None:
        request.transport.abort()
