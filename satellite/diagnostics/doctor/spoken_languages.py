"""The spoken languages: whether each role of each assistant knows its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

from satellite.components import spec
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.servers import found_servers
from satellite.engines.assembly import STAND_IN, create, for_language
from satellite.engines.language_gaps import LanguageGap, assistants_of, language_gaps
from satellite.engines.ranking import rank
from satellite.errors import SatelliteError
from satellite.languages.pack import find
from satellite.lib.finding import Finding, ok, warning
from satellite.net.discovery.preferences import Preferences
from satellite.ports import EngineContext
from satellite.turns.assistants import EngineKey, assistant_components

CONNECT = 5.0
"""Seconds for a server that is set by its address to describe itself."""


async def languages(context: Context) -> AsyncGenerator[Finding, None]:
    """Report each role whose engine does not know the language of its assistant."""
    settings = context.settings
    async with AsyncExitStack() as stack:
        links = {key: await _links(key, context, stack) for key in assistant_components(settings)}
        gaps = list(language_gaps(settings, links))
        if gaps and settings.zeroconf:
            gaps = await _without_served(gaps, context)
    for gap in gaps:
        yield warning(f"language {gap.language} ({gap.where})", gap.fact, gap.effect, gap.remedy)
    bad = {gap.language for gap in gaps}
    for language in dict.fromkeys(own.language for _, own in assistants_of(settings)):
        if language not in bad:
            pack = find(language)
            name = f"{pack.about.english}: " if pack else ""
            yield ok(f"language {language}", f"{name}speech recognition, brain and voice know it")


async def _links(key: EngineKey, context: Context, stack: AsyncExitStack) -> list[Any]:
    """Return the engines of a chain, of which only what is quick is loaded; none after an error,
    which another check reports."""
    role, component, language = key
    engine_context = for_language(EngineContext.for_settings(context.settings), language)
    engines = []
    try:
        for text in spec.chain(role, component):
            engine = await create(role, text, engine_context)
            stack.push_async_callback(engine.close)
            engines.append(engine)
            if spec.is_uri(text) or engine.describe().name == STAND_IN:
                async with asyncio.timeout(CONNECT):
                    await engine.load()
    except (SatelliteError, TimeoutError):
        return []
    return engines


async def _without_served(gaps: list[LanguageGap], context: Context) -> list[LanguageGap]:
    """Return the gaps that no server of the LAN closes."""
    preferences = Preferences.from_settings(context.settings.servers)
    servers = await found_servers(context)
    return [
        gap
        for gap in gaps
        if not gap.automatic
        or all(
            place.unfit
            for place in rank(gap.role, servers, preferences=preferences, language=gap.language)
        )
    ]
