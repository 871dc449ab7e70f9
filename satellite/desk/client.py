"""Using the desk of a satellite that runs, from another program."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from satellite.desk import token as tokens
from satellite.errors import PeerUnreachable, UsageError
from satellite.settings import Settings

PATIENCE = 10.0
"""Seconds for an answer; what is asked for here is done at once."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "*": "127.0.0.1"}


async def ask(settings: Settings, method: str, path: str, **facts: Any) -> dict[str, Any]:
    """Send a request to the satellite that the settings name, and return its answer.

    Raises `PeerUnreachable` where none runs, and `UsageError` with what it says.
    """
    import aiohttp

    said = settings.http
    if not said.port:
        raise UsageError("http.port is 0: a satellite cannot be told anything then")
    host = _ANYWHERE.get(said.host, f"[{said.host}]" if ":" in said.host else said.host)
    address = f"http://{host}:{said.port}"
    token = await asyncio.to_thread(tokens.read, said)
    limit = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=token.headers if token else {}) as session,
            session.request(method, address + path, json=facts if facts else None) as response,
        ):
            content = await response.content.read(1 << 20)
    except TimeoutError as error:
        raise PeerUnreachable(f"{address} has not answered in {PATIENCE:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise PeerUnreachable(
            f"no satellite answers at {address}: start one, or say where it is (--set http.port=)"
        ) from error
    try:
        answer = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise PeerUnreachable(f"what answers at {address} is no satellite") from error
    if "error" in answer:
        raise UsageError(f"the satellite at {address} says: {answer['error']}")
    return answer
