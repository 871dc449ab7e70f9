"""The other satellites of the LAN: discovery, and announcements on them."""

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
from satellite.text.quoted import quoted
from satellite.values import AudioChunk as Sound

_LOGGER = logging.getLogger(__name__)

ALL = "all"

LOOKING = 2.0
"""Seconds of discovery: satellites answer within 0.12 s (RFC 6762, 6), again after 1 s if that was
lost, and are then described."""

HEARD = 660.0
"""Seconds until an announcement is confirmed: it may wait for ten minutes, and take one."""

_PIECE = 0.1
"""Seconds of sound in one event."""

_SAME = ("127.0.0.1", "::1", "localhost")


async def satellites(pairing: Pairing, seconds: float = LOOKING) -> tuple[RemoteService, ...]:
    """Return our satellites on the LAN, without this process. Raises `NoMulticast`."""
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
    """Return the addresses of satellites by name, for names, tcp:// addresses, or `all`.

    Raises `UsageError` for an unknown name, `NoMulticast`.
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
            raise UsageError(f"no satellite is called {quoted(name)}; found: {names_there}")
        found[server.name] = server.uri
    return found


async def announce_to(
    uri: str, content: str | Sound, style: AnnouncementStyle, pairing: Pairing
) -> None:
    """Have a satellite announce a text or sound, and wait until it was heard.

    Raises `WireError` if it cannot be reached, and the error that it reports.
    """
    connection = await connect(uri, CONNECT, pairing=pairing)
    try:
        async with asyncio.timeout(HEARD):
            for event in _events(content, style):
                await connection.write(event)
            while (answer := await connection.read()) is not None:
                if Played.is_type(answer.type):
                    return
                if Error.is_type(answer.type):
                    raise error_of(answer)
    except TimeoutError as error:
        raise PeerClosed(f"{uri} did not confirm the announcement within {HEARD:g} s") from error
    finally:
        connection.abort()
    raise PeerClosed(
        f"{uri} hung up before it confirmed the announcement: is it a satellite of this program?"
    )


async def announce_to_all(
    targets: dict[str, str], content: str | Sound, style: AnnouncementStyle, pairing: Pairing
) -> dict[str, SatelliteError]:
    """Announce on all targets at once; return the errors by name."""
    failed: dict[str, SatelliteError] = {}

    async def announce(name: str, uri: str) -> None:
        try:
            await announce_to(uri, content, style, pairing)
        except SatelliteError as error:
            failed[name] = error

    async with asyncio.TaskGroup() as tasks:
        for name, uri in targets.items():
            tasks.create_task(announce(name, uri), name=f"announce on {name}")
    return failed


def _events(content: str | Sound, style: AnnouncementStyle) -> list[Event]:
    facts = {key: value for key, value in msgspec.to_builtins(style).items() if value is not None}
    context = {"context": {CONTEXT: facts}}
    if isinstance(content, str):
        event = Synthesize(text=content).event()
        event.data.update(context)
        return [event]
    form = {"rate": content.format.rate, "width": 2, "channels": content.format.channels}
    start = AudioStart(**form).event()
    start.data.update(context)
    step = content.format.bytes_of(_PIECE)
    pieces = [content.audio[at : at + step] for at in range(0, len(content.audio), step)]
    return [start, *(AudioChunk(audio=p, **form).event() for p in pieces), AudioStop().event()]
