"""The doctor's findings by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from satellite.diagnostics.doctor.areas import AREAS, checks
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.examination import examine
from satellite.diagnostics.doctor.report import masked_finding
from satellite.errors import UsageError
from satellite.http.api.route import JSON, ApiRoute, json_answer, query_of
from satellite.lib.finding import Finding

NOT_HERE = ("audio", "echo", "wake")
"""Areas that use the microphone, which the satellite itself has open: `satellite doctor` has them.
"""


class Areas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to examine."""

    areas: str = ""
    """Areas with commas between; all but audio, echo and wake by default."""


class Findings(msgspec.Struct, frozen=True):
    """The result of each check, its consequence, and what to do about it."""

    findings: tuple[Finding, ...]


def doctor_route(make_context: Callable[[], Context]) -> ApiRoute:
    """Return the route; `make_context`, which blocks, reads the configuration."""
    examining = asyncio.Lock()
    known = [area.name for area in AREAS if area.name not in NOT_HERE]

    async def findings(request: web.Request) -> web.StreamResponse:
        wanted = [area for area in query_of(request, Areas).areas.split(",") if area] or known
        for area in wanted:
            if area not in known:
                raise UsageError(f"areas: {area[:40]} is none of {', '.join(known)}")
        async with examining:
            context = await asyncio.to_thread(make_context)
            found = await examine(list(checks(wanted, watched=False)), context)
        return json_answer(Findings(tuple(map(masked_finding, found))))

    return ApiRoute(
        method="GET",
        path="/api/doctor",
        summary="Examine this machine, its network and its servers; takes up to a minute",
        handler=findings,
        query=Areas,
        gives={JSON: Findings},
    )
