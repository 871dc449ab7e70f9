"""A probe of a service: its description and its latency, asked for as Home Assistant does."""

from __future__ import annotations

import asyncio

import msgspec
from wyoming.event import Event
from wyoming.ping import Ping, Pong

from satellite.errors import PeerClosed, PeerUnreachable, WireError
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect

PATIENCE = 5.0
"""Seconds to connect and to answer: the limit of Home Assistant."""

TIMES = 3
"""Questions of one probe: a single slow answer may be chance."""


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """A service's description, or why there is none."""

    uri: str
    info: Event | None = None
    fastest: float = 0.0
    slowest: float = 0.0
    """Seconds from connecting until the description arrived."""
    problem: str = ""

    @property
    def latency(self) -> str:
        """The latency for display: `3 ms`, or `3 to 40 ms`."""
        low, high = round(self.fastest * 1000), round(self.slowest * 1000)
        return f"{high} ms" if high < 2 * low + 5 else f"{low} to {high} ms"


async def probe(uri: str, pairing: Pairing, times: int = TIMES) -> ProbeResult:
    """Have a service describe itself; a failure is the result's `problem`."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    info: Event | None = None
    try:
        for _ in range(times):
            began = loop.time()
            info = await describe(uri, PATIENCE, PATIENCE, pairing=pairing)
            took.append(loop.time() - began)
    except WireError as error:
        return ProbeResult(uri=uri, problem=str(error))
    return ProbeResult(uri=uri, info=info, fastest=min(took), slowest=max(took))


async def ping(uri: str, pairing: Pairing) -> float:
    """Return the seconds until a service answered a ping. Raises `WireError`."""
    connection = await connect(uri, PATIENCE, pairing=pairing)
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(PATIENCE):
            await connection.write(Ping(text="probe").event())
            while event := await connection.read():
                if Pong.is_type(event.type):
                    return loop.time() - began
    except TimeoutError as error:
        raise PeerUnreachable(f"{uri} did not answer a ping within {PATIENCE:g} s") from error
    finally:
        connection.abort()
    raise PeerClosed(f"{uri} hung up instead of answering a ping")
