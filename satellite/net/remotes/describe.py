"""Fetching the description of a service."""

from __future__ import annotations

import asyncio

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info

from satellite.errors import PeerClosed, PeerLate, PeerRefused
from satellite.net.messages import error_of
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect

CONNECT = 3.0
"""Seconds to connect: a lost SYN is repeated after 1 s, and after 2 s more."""
ANSWER = 5.0
"""Seconds to answer `describe`: the limit of Home Assistant, too."""


async def describe(
    uri: str, connect_timeout: float = CONNECT, timeout: float = ANSWER, *, pairing: Pairing
) -> Event:
    """Fetch a service's `info` event, on a separate connection.

    Raises:
        PeerUnreachable: the service cannot be reached.
        PeerLate: it did not answer in time.
        PeerRefused: the service answered with an error.
        PeerClosed: the service hung up.
        BadFrame: the answer is malformed.
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
        raise PeerLate(f"{uri} did not describe itself within {timeout:g} s") from error
    finally:
        connection.abort()
    raise PeerClosed(f"{uri} hung up instead of describing itself")
