"""The statistics and the latest turns by HTTP."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import msgspec
from aiohttp import web

from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collector import CountedEvent, TurnRow
from satellite.diagnostics.stats.summary import Summary, summary
from satellite.http.api.route import JSON, ApiRoute, json_answer, query_of

DAY = 86400.0


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to look back."""

    days: Annotated[float, msgspec.Meta(ge=0.01, le=3650)] = 30.0


class Latest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many turns to list."""

    count: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    days: Annotated[float, msgspec.Meta(ge=0.01, le=3650)] = 30.0


class TurnList(msgspec.Struct, frozen=True):
    """The latest turns, newest first, with the seconds of their stages."""

    turns: tuple[TurnRow, ...]


def stats_routes(satellite: str) -> list[ApiRoute]:
    """Return the routes for the satellite of a name."""

    async def read(days: float) -> tuple[list[TurnRow], list[CountedEvent]]:
        file = await asyncio.to_thread(database.find_file, satellite)
        return await asyncio.to_thread(database.read, file, time.time() - days * DAY)

    async def stats(request: web.Request) -> web.StreamResponse:
        return json_answer(summary(*await read(query_of(request, Period).days)))

    async def turns(request: web.Request) -> web.StreamResponse:
        wanted = query_of(request, Latest)
        found, _ = await read(wanted.days)
        return json_answer(TurnList(tuple(reversed(found[-wanted.count :]))))

    return [
        ApiRoute(
            method="GET",
            path="/api/stats",
            summary="Return how turns ended and how long their stages took",
            handler=stats,
            query=Period,
            gives={JSON: Summary},
        ),
        ApiRoute(
            method="GET",
            path="/api/turns",
            summary="List the latest turns with the times of their stages",
            handler=turns,
            query=Latest,
            gives={JSON: TurnList},
        ),
    ]
