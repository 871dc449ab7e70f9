"""`GET /api/servers`: the servers and satellites on the LAN, with their ranks and the reasons."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from satellite.cli.discover import ranked, why
from satellite.http.api.route import JSON, ApiRoute, json_answer
from satellite.net.discovery.browser import scan
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.settings import Settings

WAIT = 2.0
"""Seconds to wait for answers; most come within one."""

FRESH = 5.0
"""Seconds for which the last search is the answer."""


class Rank(msgspec.Struct, frozen=True):
    """A server's place among those of a role."""

    place: int | None
    """None where it is never used."""
    why: str
    """The reason: its advantage over the next one, or what makes it unfit."""


class FoundServer(msgspec.Struct, frozen=True):
    """A server or a satellite of the house."""

    name: str
    uri: str
    roles: tuple[str, ...]
    satellite: bool
    models: tuple[str, ...]
    engines: tuple[str, ...]
    languages: tuple[str, ...]
    version: str
    latency: float
    """Seconds to connect and to describe itself."""
    load: float | None
    """Share of its capacity that is in use, 0 to 1."""
    ranks: dict[str, Rank]
    """By role, as a satellite would choose that has used none of them yet."""


class FoundServers(msgspec.Struct, frozen=True):
    """The servers and satellites that answer on the LAN."""

    servers: tuple[FoundServer, ...]


def servers_route(settings: Settings) -> ApiRoute:
    """Return the route."""
    searching = asyncio.Lock()
    latest: list[tuple[float, FoundServers]] = []

    async def servers(request: web.Request) -> web.StreamResponse:
        clock = asyncio.get_running_loop().time
        async with searching:
            if not latest or clock() - latest[0][0] > FRESH:
                found = await _found(settings)
                latest[:] = [(clock(), found)]
            return json_answer(latest[0][1])

    return ApiRoute(
        method="GET",
        path="/api/servers",
        summary="Search the LAN for servers and satellites, with their ranks and the reasons",
        handler=servers,
        gives={JSON: FoundServers},
    )


async def _found(settings: Settings) -> FoundServers:
    if not settings.zeroconf:
        return FoundServers(())
    preferences = Preferences.from_settings(settings.servers)
    found = await scan(WAIT, pairing=Pairing(settings.pairing), preferences=preferences)
    ranks: dict[str, dict[str, Rank]] = {}
    for role, places in ranked(found, settings).values():
        for number, place in enumerate(places):
            rank = Rank(None if place.unfit else number + 1, why(places, number))
            ranks.setdefault(place.server.uri, {})[role] = rank
    return FoundServers(tuple(_server(server, ranks.get(server.uri, {})) for server in found))


def _server(server: RemoteService, ranks: dict[str, Rank]) -> FoundServer:
    return FoundServer(
        name=server.name,
        uri=server.uri,
        roles=server.roles,
        satellite=server.satellite,
        models=server.models,
        engines=server.engines,
        languages=server.languages,
        version=server.version,
        latency=server.latency,
        load=server.load,
        ranks=ranks,
    )
