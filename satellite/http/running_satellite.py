"""The client of a running satellite's HTTP API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from satellite.errors import PeerUnreachable, UsageError
from satellite.http import token as tokens
from satellite.lib.decoding import Undecodable, from_json
from satellite.settings import Settings
from satellite.text.quoted import quoted

_LOGGER = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds for an answer; the requests of this client take no time."""

HEARTBEAT = 20.0
"""Seconds between two pings."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "*": "127.0.0.1"}


@asynccontextmanager
async def connected(settings: Settings) -> AsyncGenerator[tuple[aiohttp.ClientSession, str], None]:
    """Yield an aiohttp session that sends the token, and the address of the satellite.

    Raises `UsageError` where it has none, and `PeerUnreachable` for connections that fail inside
    the block.
    """
    http = settings.http
    if not http.port:
        raise UsageError("http.port is 0, so that no satellite can be reached by HTTP")
    host = _ANYWHERE.get(http.host, f"[{http.host}]" if ":" in http.host else http.host)
    address = f"http://{host}:{http.port}"
    token = await asyncio.to_thread(tokens.read, http)
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
            f"no satellite answers at {address}: start one, or name its port with "
            "--set http.port=PORT"
        ) from error


async def ask(settings: Settings, method: str, path: str, **facts: Any) -> dict[str, Any]:
    """Send a request to the satellite of the settings, and return its answer.

    Raises `PeerUnreachable` where none runs, and `UsageError` with what it says.
    """
    async with connected(settings) as (session, address):
        return await ask_of(session, address, method, path, **facts)


async def ask_of(
    session: aiohttp.ClientSession, address: str, method: str, path: str, **facts: Any
) -> dict[str, Any]:
    """Send a request in a session that `connected` has yielded, and return the answer."""
    async with (
        asyncio.timeout(PATIENCE),
        session.request(method, address + path, json=facts if facts else None) as response,
    ):
        content = await response.content.read(1 << 20)
    try:
        answer = from_json(content, dict[str, Any])
    except Undecodable as error:
        raise PeerUnreachable(f"another program than a satellite answers at {address}") from error
    if "error" in answer:
        raise UsageError(f"the satellite at {address} says: {answer['error']}")
    return answer


async def follow(
    session: aiohttp.ClientSession, address: str
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield every event of a satellite as it happens, until the satellite ends.

    What cannot be read is left out.
    """
    async with session.ws_connect(f"{address}/events", heartbeat=HEARTBEAT) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                try:
                    yield from_json(message.data, dict[str, Any])
                except Undecodable:
                    _LOGGER.debug("no event: %s", quoted(str(message.data), 80))
