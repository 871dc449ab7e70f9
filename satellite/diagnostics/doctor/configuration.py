"""The configuration: read without mistakes, and where it came from."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from satellite.config.load import DEFAULT
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok


async def configuration(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Every problem of every layer; else what is set, and by what."""
    for problem in case.problems:
        yield broken(
            "configuration",
            problem,
            "The satellite does not start; what follows was examined with the defaults.",
            "correct it there (satellite config lists all settings)",
        )
    if case.problems:
        return
    where = ", ".join(map(str, case.files)) or "no file"
    own = [path for path, origin in case.origins.items() if origin != DEFAULT]
    yield ok("configuration", f"{where}; {len(own)} of {len(case.origins)} settings are not usual")
    if case.settings.name in ("localhost", "raspberrypi", "satellite"):
        yield note(
            "name",
            f"this satellite is called {case.settings.name}",
            "A second machine of that name cannot be told from it in Home Assistant.",
            'choose one, as name = "kitchen" in the configuration, or --name kitchen',
        )
