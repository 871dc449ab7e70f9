"""Asking a service what it is."""

from __future__ import annotations

import asyncio

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info

from satellite.errors import PeerClosed, PeerRefused, PeerUnreachable
from satellite.net.dial import connect
from satellite.net.messages import error_of
from satellite.net.pairing import Pairing

CONNECT = 3.0
"""Seconds to connect: a SYN that was lost is sent again after 1 s, and once more after 2 s."""
ANSWER = 5.0
"""Seconds to answer `describe`: what Home Assistant allows, too."""


async def describe(
    uri: str, connect_timeout: float = CONNECT, timeout: float = ANSWER, *, pairing: Pairing
) -> Event:
    """Fetch a service's `info` event, on a connection of its own.

    Raises `PeerUnreachable` (also when it does not answer in time), `PeerRefused`, `PeerClosed`,
    `BadFrame`.
    """
    connection = await connect(uri, connect_timeout, pairing=pairing)
    try:
        async with asyncio.timeout(timeout):
            await connection.write(Describe().event())
            while event := await connection.read():
                if Info.is_type(event.type):
                    return event
                if Error.is_type(event.type):
                    raise PeerRefused(f"{uri} refuses: {error_of(event)}")
    except TimeoutError as error:
        raise PeerUnreachable(f"{uri} did not say within {timeout:g} s what it is") from error
    finally:
        connection.abort()
    raise PeerClosed(f"{uri} hung up instead of saying what it is")
