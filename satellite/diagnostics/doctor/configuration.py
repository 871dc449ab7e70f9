"""The configuration: its mistakes, and the files that it was read from."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from satellite.config.keys import keys, value_of
from satellite.diagnostics.doctor.context import Context
from satellite.lib.finding import Finding, broken, note, ok


async def configuration(context: Context) -> AsyncGenerator[Finding, None]:
    """Report every problem of the configuration; without any, where it comes from."""
    for problem in context.problems:
        yield broken(
            "configuration",
            problem,
            "The satellite does not start. The checks below use the defaults.",
            "correct it there (satellite config lists all settings)",
        )
    if context.problems:
        return
    where = ", ".join(map(str, context.files)) or "no file"
    settings = keys()
    changed = sum(value_of(context.settings, path) != key.default for path, key in settings.items())
    differ = "1 setting differs" if changed == 1 else f"{changed} settings differ"
    yield ok("configuration", f"{where}; {differ} from the defaults, of {len(settings)}")
    if context.settings.name in ("localhost", "raspberrypi", "satellite"):
        yield note(
            "name",
            f"this satellite is called {context.settings.name}",
            "If two machines have this name, Home Assistant cannot distinguish them.",
            'choose a name: name = "kitchen" in the configuration, or --name kitchen',
        )
