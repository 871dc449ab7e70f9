"""What the clients of WebSockets send, up to the rate of any that is honest.

aiohttp holds what has arrived and was not taken, and bounds it by its bytes: empty messages, pings
and pongs have none. So each client is read as fast as it sends, and left if it sends too much.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import WSMessage, WSMsgType, web

from satellite.errors import UsageError

RATE = 1000.0
"""Messages a second, pings included; a page sends sixty."""
BURST = 2000.0
"""Messages that may arrive at once: those of a Wi-Fi that stood still for half a minute."""
_TURN = 8
"""Messages read in a row before other tasks run."""


class TooManyMessages(UsageError):
    """A client sends without end."""


async def incoming(socket: web.WebSocketResponse) -> AsyncGenerator[WSMessage, None]:
    """Yield the texts and the sound of a client until it leaves, and answer its pings.

    `socket` is made with `autoping=False`. Raises `TooManyMessages`.
    """
    clock = asyncio.get_running_loop().time
    spare, last, turn = BURST, clock(), 0
    while True:
        try:
            message = await socket.receive()
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
        except (OSError, RuntimeError):
            return  # it has left
        now = clock()
        spare, last = min(BURST, spare + (now - last) * RATE) - 1, now
        if spare < 0:
            raise TooManyMessages(f"you send more than {RATE:g} messages a second")
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            yield message
        elif message.type not in (WSMsgType.PING, WSMsgType.PONG):
            return
        turn = (turn + 1) % _TURN
        if not turn:
            await asyncio.sleep(0)  # receiving what has already arrived never yields otherwise
