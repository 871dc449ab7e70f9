"""Using the desk of a satellite that runs, from another program."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from satellite.errors import PeerUnreachable, UsageError
from satellite.http import token as tokens
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds for an answer; what is asked for here is done at once."""

HEARTBEAT = 20.0
"""Seconds between two questions whether it is still there."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "*": "127.0.0.1"}


@asynccontextmanager
async def reached(settings: Settings) -> AsyncGenerator[tuple[Any, str], None]:
    """An aiohttp session that shows the token, and the address of the settings' satellite.

    Raises `UsageError` where it has none, and `PeerUnreachable` for connections that fail inside
    the block.
    """
    import aiohttp

    said = settings.http
    if not said.port:
        raise UsageError("http.port is 0: a satellite cannot be asked anything then")
    host = _ANYWHERE.get(said.host, f"[{said.host}]" if ":" in said.host else said.host)
    address = f"http://{host}:{said.port}"
    token = await asyncio.to_thread(tokens.read, said)
    limit = aiohttp.ClientTimeout(total=None, connect=PATIENCE)
    try:
        async with aiohttp.ClientSession(
            timeout=limit, headers=token.headers if token else {}
        ) as session:
            yield session, address
    except TimeoutError as error:
        raise PeerUnreachable(f"{address} has not answered in {PATIENCE:g} s") from error
    except aiohttp.WSServerHandshakeError as error:
        raise UsageError(f"the satellite at {address} says: HTTP {error.status}") from error
    except (aiohttp.ClientError, OSError) as error:
        raise PeerUnreachable(
            f"no satellite answers at {address}: start one, or say where it is (--set http.port=)"
        ) from error


async def ask(settings: Settings, method: str, path: str, **facts: Any) -> dict[str, Any]:
    """Send a request to the satellite that the settings name, and return its answer.

    Raises `PeerUnreachable` where none runs, and `UsageError` with what it says.
    """
    async with reached(settings) as (session, address):
        return await ask_of(session, address, method, path, **facts)


async def ask_of(
    session: Any, address: str, method: str, path: str, **facts: Any
) -> dict[str, Any]:
    """The same of a satellite that was reached already."""
    async with (
        asyncio.timeout(PATIENCE),
        session.request(method, address + path, json=facts if facts else None) as response,
    ):
        content = await response.content.read(1 << 20)
    try:
        answer = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise PeerUnreachable(f"what answers at {address} is no satellite") from error
    if "error" in answer:
        raise UsageError(f"the satellite at {address} says: {answer['error']}")
    return answer


async def follow(session: Any, address: str) -> AsyncGenerator[dict[str, Any], None]:
    """Every event of a satellite that was reached, as it happens; ends when the satellite does.

    What cannot be read is left out.
    """
    from aiohttp import WSMsgType

    async with session.ws_connect(f"{address}/events", heartbeat=HEARTBEAT) as socket:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                try:
                    yield msgspec.json.decode(message.data, type=dict[str, Any])
                except msgspec.MsgspecError:
                    _LOGGER.debug("no event: %.80r", message.data)
