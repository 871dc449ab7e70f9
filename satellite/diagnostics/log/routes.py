"""The latest messages of the log by HTTP. They are for people alone: see `rights`."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from satellite.diagnostics.log.latest_messages import MOST, LatestMessages, LogMessage
from satellite.http.api.rights import require_log_in
from satellite.http.api.route import JSON, ApiRoute, json_answer, query_of


class LogQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages to list."""

    level: Literal["debug", "info", "warning", "error"] = "debug"
    """The least level."""
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 100


class LogMessages(msgspec.Struct, frozen=True):
    """The latest messages, newest first."""

    messages: tuple[LogMessage, ...]


def log_route(latest: LatestMessages) -> ApiRoute:
    """Return the route."""

    async def answer(request: web.Request) -> web.StreamResponse:
        require_log_in("reading the log")
        query = query_of(request, LogQuery)
        level = logging.getLevelNamesMapping()[query.level.upper()]
        return json_answer(LogMessages(tuple(latest.latest(query.count, level))))

    return ApiRoute(
        method="GET",
        path="/api/log",
        summary="List the latest messages of the log, newest first",
        handler=answer,
        query=LogQuery,
        gives={JSON: LogMessages},
    )
