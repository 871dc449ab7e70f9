"""The other satellites: who is there, and telling them something."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.snd import Played
from wyoming.tts import Synthesize

from satellite.announcements.announcement import AnnouncementStyle
from satellite.errors import PeerClosed, SatelliteError, UsageError
from satellite.net import uri as uris
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.messages import error_of
from satellite.net.pairing import Pairing
from satellite.net.remotes.base import CONTEXT
from satellite.net.remotes.describe import CONNECT
from satellite.net.remotes.dial import connect
from satellite.values import AudioChunk as Sound

_LOGGER = logging.getLogger(__name__)

ALL = "all"

LOOKING = 2.0
"""Seconds in which satellites are looked for: they answer within 0.12 s (RFC 6762, 6), again after
1 s where that was lost, and are then asked what they are."""

HEARD = 660.0
"""Seconds until an announcement was heard: it may wait for ten minutes, and be said in one."""

_PIECE = 0.1
"""Seconds of sound in one event."""

_SAME = ("127.0.0.1", "::1", "localhost")


async def satellites(pairing: Pairing, seconds: float = LOOKING) -> tuple[RemoteService, ...]:
    """Our satellites on the LAN, this process left out. Raises `NoMulticast`."""
    discovery = Discovery(pairing=pairing)
    try:
        async with asyncio.timeout(seconds):
            await discovery.run()
    except TimeoutError:
        pass
    return tuple(server for server in discovery.services() if server.satellite and server.ours)


async def resolve(
    names: Sequence[str], pairing: Pairing, seconds: float = LOOKING
) -> dict[str, str]:
    """The addresses of satellites by what they are called: names, tcp:// addresses, or `all`.

    Raises `UsageError` for a name that nobody has, `NoMulticast`.
    """
    found = {name: name for name in names if "://" in name}
    for address in found:
        if not isinstance(uris.parse(address), uris.Tcp | uris.Unix):
            raise UsageError(f"{address} is not the address of a satellite, as tcp://HOST:10700")
    wanted = [name for name in names if "://" not in name]
    if not wanted:
        return found
    there = await satellites(pairing, seconds)
    if ALL in wanted:
        return found | {server.name: server.uri for server in there}
    known = {server.name.casefold(): server for server in there}
    for name in wanted:
        server = known.get(name.casefold())
        if server is None:
            names_there = ", ".join(sorted(s.name for s in there)) or "none"
            raise UsageError(f"no satellite is called {name!r}; found: {names_there}")
        found[server.name] = server.uri
    return found


async def announce_to(
    uri: str, what: str | Sound, manner: AnnouncementStyle, pairing: Pairing
) -> None:
    """Have a satellite announce a text, or sound, and wait until it was heard.

    Raises `WireError` where it cannot be reached, and what it says where it was not heard.
    """
    connection = await connect(uri, CONNECT, pairing=pairing)
    try:
        async with asyncio.timeout(HEARD):
            for event in _events(what, manner):
                await connection.write(event)
            while (answer := await connection.read()) is not None:
                if Played.is_type(answer.type):
                    return
                if Error.is_type(answer.type):
                    raise error_of(answer)
    except TimeoutError as error:
        raise PeerClosed(f"{uri} has not said within {HEARD:g} s that it was heard") from error
    finally:
        connection.abort()
    raise PeerClosed(f"{uri} hung up before it was heard: perhaps it is no satellite of ours")


async def announce_to_all(
    whom: dict[str, str], what: str | Sound, manner: AnnouncementStyle, pairing: Pairing
) -> dict[str, SatelliteError]:
    """Tell several at once; what failed, by name."""
    failed: dict[str, SatelliteError] = {}

    async def one(name: str, uri: str) -> None:
        try:
            await announce_to(uri, what, manner, pairing)
        except SatelliteError as error:
            failed[name] = error

    async with asyncio.TaskGroup() as tasks:
        for name, uri in whom.items():
            tasks.create_task(one(name, uri), name=f"tell {name}")
    return failed


def _events(what: str | Sound, manner: AnnouncementStyle) -> list[Event]:
    facts = {key: value for key, value in msgspec.to_builtins(manner).items() if value is not None}
    context = {"context": {CONTEXT: facts}}
    if isinstance(what, str):
        event = Synthesize(text=what).event()
        event.data.update(context)
        return [event]
    form = {"rate": what.format.rate, "width": 2, "channels": what.format.channels}
    start = AudioStart(**form).event()
    start.data.update(context)
    step = what.format.bytes_of(_PIECE)
    pieces = [what.audio[at : at + step] for at in range(0, len(what.audio), step)]
    return [start, *(AudioChunk(audio=p, **form).event() for p in pieces), AudioStop().event()]
