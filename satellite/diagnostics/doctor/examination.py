"""Runs checks side by side, each within its deadline; none can hang or end the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, warning
from satellite.errors import SatelliteError

_LOGGER = logging.getLogger(__name__)

CLOSE = 5.0
"""Seconds a check that ran past its deadline has to give back what it holds."""

Examine = Callable[[ExaminationInput], AsyncGenerator[Finding, None]]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at."""

    area: str
    about: str
    examine: Examine
    deadline: float
    """Seconds."""


async def examine(
    checks: Sequence[Check],
    case: ExaminationInput,
    *,
    watch: Callable[[Sequence[str]], None] = lambda running: None,
) -> list[Finding]:
    """What the checks find, in their order. `watch` is told what is still being looked at."""
    running = {id(check): check.about for check in checks}
    watch(tuple(running.values()))

    async def one(check: Check) -> list[Finding]:
        try:
            return await _bounded(check, case)
        finally:
            del running[id(check)]
            watch(tuple(running.values()))

    async with asyncio.TaskGroup() as tasks:
        begun = [tasks.create_task(one(check), name=f"check {check.about}") for check in checks]
    return [finding for task in begun for finding in task.result()]


async def _bounded(check: Check, case: ExaminationInput) -> list[Finding]:
    """What a check finds until its deadline, and how it ended if that was no good end."""
    findings: list[Finding] = []
    # no task group: it would wait for ever for a check that does not heed its cancellation
    work = asyncio.create_task(_gather(check, case, findings), name=f"examine {check.about}")
    late = True
    try:
        late = not (await asyncio.wait([work], timeout=check.deadline))[0]
    finally:
        if late:
            work.cancel()
            await asyncio.wait([work], timeout=CLOSE)
    if late:
        findings.append(_late(check))
    elif isinstance(error := work.exception(), SatelliteError):
        findings.append(broken(check.about, str(error), "", ""))
    elif error is not None:
        # whatever a strange machine makes of a check, the other checks are still wanted
        _LOGGER.debug("the check of %s failed", check.about, exc_info=error)
        findings.append(_failed(check, error))
    return [msgspec.structs.replace(finding, area=check.area) for finding in findings]


async def _gather(check: Check, case: ExaminationInput, findings: list[Finding]) -> None:
    async with aclosing(check.examine(case)) as found:
        async for finding in found:
            findings.append(finding)  # noqa: PERF401  # what came before a failure counts


def _late(check: Check) -> Finding:
    return broken(
        check.about,
        f"no result within {check.deadline:g} s",
        "Something that was asked hangs, and may hang for the satellite, too.",
        "try again with --log-level debug; if it stays so, restart what it concerns",
    )


def _failed(check: Check, error: BaseException) -> Finding:
    return warning(
        check.about,
        f"could not be examined: {type(error).__name__}: {error}",
        "This is a mistake of the doctor, not necessarily of the machine.",
        f"please report it with the lines of: satellite doctor {check.area} --log-level debug",
    )
