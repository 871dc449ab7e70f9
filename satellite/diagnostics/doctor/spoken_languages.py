"""The spoken languages: whether each role of each assistant knows its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.servers import found_servers
from satellite.engines.assembly import quick_gaps
from satellite.engines.language_gaps import LanguageGap, assistants_of
from satellite.engines.ranking import rank
from satellite.languages.pack import find
from satellite.lib.finding import Finding, ok, warning
from satellite.net.discovery.preferences import Preferences


async def languages(context: Context) -> AsyncGenerator[Finding, None]:
    """Report each role whose engine does not know the language of its assistant."""
    settings = context.settings
    gaps = list(await quick_gaps(settings))
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
