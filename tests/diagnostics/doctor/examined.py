"""Checks run by themselves, and their findings picked out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from satellite.diagnostics.doctor.examination import Examine
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.settings import Settings


async def findings(examine: Examine, case: ExaminationInput | None = None) -> list[Finding]:
    """Everything that one check finds."""
    async with aclosing(examine(case or ExaminationInput(Settings()))) as found:
        return [finding async for finding in found]


def of(state: str, found: Sequence[Finding]) -> list[Finding]:
    """The findings of a state."""
    return [finding for finding in found if finding.state == state]


def only(state: str, found: Sequence[Finding]) -> Finding:
    """The one finding of a state, which has to say what it means and what to do."""
    (finding,) = of(state, found)
    assert finding.means, finding
    assert finding.remedy, finding
    return finding
