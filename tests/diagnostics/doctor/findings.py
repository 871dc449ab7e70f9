"""Single checks, and their findings by state."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.examination import Examine
from satellite.lib.finding import Finding


async def findings(examine: Examine, context: Context | None = None) -> list[Finding]:
    """Run one check and return its findings."""
    async with aclosing(examine(context or Context())) as found:
        return [finding async for finding in found]


def of(state: str, found: Sequence[Finding]) -> list[Finding]:
    """Return the findings of a state."""
    return [finding for finding in found if finding.state == state]


def only(state: str, found: Sequence[Finding]) -> Finding:
    """Return the single finding of a state; it must have a consequence and a remedy."""
    (finding,) = of(state, found)
    assert finding.means, finding
    assert finding.remedy, finding
    return finding
