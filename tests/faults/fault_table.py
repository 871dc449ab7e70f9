"""The outcomes of all faults, as a table at the end of the test run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.checked_satellite import TurnRecord

PROPERTY = "fault"
Cell = tuple[str, str, str, str]
"""The fault, the stage, the moment, and the fallback."""


def note(node: Any, cell: Cell, record: TurnRecord) -> None:
    """Record the outcome of a fault with its test; test workers send it along with the result."""
    how = record.outcome if record.outcome != "failed" else f"fails in {record.stage}"
    node.user_properties.append((PROPERTY, [*cell, how, record.seconds]))


def lines(reports: Iterable[Any]) -> list[str]:
    """Return the table: a line for each fallback and fault, a column for each moment."""
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
    table = [
        "ok: answered once and whole; a stage: the turn failed there with a cue. Then the seconds "
        "it took, and ! where that is wrong.",
        f"{'with':17}{'fault':12}" + "".join(f"{s} {m}".ljust(12) for s, m in columns),
    ]
    for (others, fault), row in sorted(cells.items()):
        table.append(
            f"{others:17}{fault:12}" + "".join(row.get(c, "-").ljust(12) for c in columns).rstrip()
        )
    return table


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the table, if there was a fault."""
    stats = terminalreporter.stats
    reports = [*stats.get("passed", ()), *stats.get("failed", ())]
    if table := lines(reports):
        terminalreporter.section("faults")
        for line in table:
            terminalreporter.write_line(line)
