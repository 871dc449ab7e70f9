"""`GET /api/engines`: the engines, with their models and voices."""

from __future__ import annotations

import msgspec
from aiohttp import web

from satellite.http.api.engines import EngineAccess
from satellite.http.api.route import JSON, ApiRoute, json_answer
from satellite.values import EngineInfo


class RoleEngine(msgspec.Struct, frozen=True):
    """The engine of a role: `asr`, `llm` or `tts`."""

    role: str
    label: str
    """Its name, or the address of its server."""
    engine: EngineInfo
    """Its description; the `models` of text-to-speech are its voices."""


class EngineList(msgspec.Struct, frozen=True):
    """The engines of this machine."""

    language: str
    """The language of requests that name none."""
    engines: tuple[RoleEngine, ...]


def require(engines: EngineAccess, role: str) -> None:
    """Raise `web.HTTPNotFound` where a role has no engine here."""
    if role not in engines.roles:
        raise web.HTTPNotFound(reason=f"{role} is not served here (setting server.roles)")


def engines_route(engines: EngineAccess) -> ApiRoute:
    """Return the route."""

    async def listed(request: web.Request) -> web.StreamResponse:
        found = tuple(
            RoleEngine(role, engines.label(role), engines.describe(role))
            for role in engines.roles
            if role != "wake"
        )
        return json_answer(EngineList(engines.language, found))

    return ApiRoute(
        method="GET",
        path="/api/engines",
        summary="List the engines, their models and their voices",
        handler=listed,
        gives={JSON: EngineList},
    )
