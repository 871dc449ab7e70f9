"""What every fault came to, as a table at the end of the test run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.checked_satellite import TurnRecord

PROPERTY = "fault"
Cell = tuple[str, str, str, str]
"""The fault, the stage, the moment, and who else was there."""


def note(node: Any, cell: Cell, heard: TurnRecord) -> None:
    """Remember, with a test, what a fault came to; test workers send it along with the result."""
    how = heard.outcome if heard.outcome != "failed" else f"fails in {heard.stage}"
    node.user_properties.append((PROPERTY, [*cell, how, heard.seconds]))


def lines(reports: Iterable[Any]) -> list[str]:
    """The table: a line for each fault and who else was there, a column for each moment."""
    cells: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == PROPERTY:
                fault, stage, moment, others, how, seconds = value
                good = "" if report.outcome == "passed" else "! "
                short = {"answered": "ok"}.get(how, how.replace("fails in ", ""))
                cell = f"{good}{short} {seconds:.1f}"
                cells.setdefault((others, fault), {})[stage, moment] = cell
    if not cells:
        return []
    columns = [(s, m) for s in ("asr", "llm", "tts") for m in ("before", "during", "after")]
    told = [
        "ok: answered once and whole; a stage: the turn failed there with a cue. Then the seconds "
        "it took, and ! where that is wrong.",
        f"{'with':17}{'fault':12}" + "".join(f"{s} {m}".ljust(12) for s, m in columns),
    ]
    for (others, fault), row in sorted(cells.items()):
        told.append(
            f"{others:17}{fault:12}" + "".join(row.get(c, "-").ljust(12) for c in columns).rstrip()
        )
    return told


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the table, if there was a fault."""
    stats = terminalreporter.stats
    reports = [*stats.get("passed", ()), *stats.get("failed", ())]
    if table := lines(reports):
        terminalreporter.section("faults")
        for line in table:
            terminalreporter.write_line(line)
