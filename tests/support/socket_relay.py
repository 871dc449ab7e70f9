"""Relays the messages of two WebSockets, as a proxy does."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

Side = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def relay(ours: Side, theirs: Side) -> None:
    """Relay messages in both directions until one side is closed."""
    sides = ((ours, theirs), (theirs, ours))
    tasks = [asyncio.create_task(_forward(one, other)) for one, other in sides]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _forward(one: Side, other: Side) -> None:
    async for message in one:
        if message.type is aiohttp.WSMsgType.TEXT:
            await other.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await other.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await other.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await other.pong(message.data)
