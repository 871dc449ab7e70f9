"""The examination: checks that run at the same time, each within its deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from importlib import import_module

import msgspec

from satellite.diagnostics.doctor.areas import Check
from satellite.diagnostics.doctor.context import Context
from satellite.errors import SatelliteError
from satellite.lib.finding import Finding, broken, warning

_LOGGER = logging.getLogger(__name__)

CLOSE = 5.0
"""Seconds for a check beyond its deadline to release its devices and connections."""

Examine = Callable[[Context], AsyncGenerator[Finding, None]]


def load(check: Check) -> Examine:
    """Import the function of a check."""
    module, _, name = check.place.partition(":")
    function: Examine = getattr(import_module(f"{__package__}.{module}"), name)
    return function


async def examine(
    checks: Sequence[Check],
    context: Context,
    *,
    watch: Callable[[Sequence[str]], None] = lambda running: None,
    find: Callable[[Check], Examine] = load,
) -> list[Finding]:
    """Run the checks and return their findings in order.

    A check that fails, or does not end, becomes a finding. `watch` is called with the subjects of
    the checks that still run; `find` returns the function of a check, and may raise anything.
    """
    running = {id(check): check.about for check in checks}
    watch(tuple(running.values()))

    async def run(check: Check) -> list[Finding]:
        try:
            return await _run_bounded(check, find, context)
        finally:
            del running[id(check)]
            watch(tuple(running.values()))

    async with asyncio.TaskGroup() as tasks:
        begun = [tasks.create_task(run(check), name=f"check {check.about}") for check in checks]
    return [finding for task in begun for finding in task.result()]


async def _run_bounded(
    check: Check, find: Callable[[Check], Examine], context: Context
) -> list[Finding]:
    """Return the findings of a check until its deadline, and one about a bad end of it."""
    findings: list[Finding] = []

    async def collect() -> None:
        # imported here: a package that is missing fails this check and no other
        async with aclosing(find(check)(context)) as found:
            async for finding in found:
                findings.append(finding)  # noqa: PERF401  # what came before a failure counts

    # no task group: it would wait for ever for a check that ignores its cancellation
    work = asyncio.create_task(collect(), name=f"examine {check.about}")
    late = True
    try:
        late = not (await asyncio.wait([work], timeout=check.deadline))[0]
    finally:
        if late:
            work.cancel()
            await asyncio.wait([work], timeout=CLOSE)
    if late:
        findings.append(
            broken(
                check.about,
                f"no result within {check.deadline:g} s",
                "A device or a service hangs, and may hang for the satellite, too.",
                "run it again with --log-level debug; restart the device or service named there",
            )
        )
    elif isinstance(error := work.exception(), SatelliteError):
        findings.append(broken(check.about, str(error), "", ""))
    elif error is not None:
        # whatever a strange machine makes of a check, the other checks are still wanted
        _LOGGER.debug("the check of %s failed", check.about, exc_info=error)
        findings.append(
            warning(
                check.about,
                f"could not be examined: {type(error).__name__}: {error}",
                "This is a fault of the doctor, not necessarily of the machine.",
                "please report it with the output of: satellite doctor "
                f"{check.area} --log-level debug",
            )
        )
    return [msgspec.structs.replace(finding, area=check.area) for finding in findings]
