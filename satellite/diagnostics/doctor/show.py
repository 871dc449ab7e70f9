"""Findings for display: by area, coloured on a terminal, and the progress of an examination."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from satellite.lib.finding import STATES, Finding, State
from satellite.text.printable import printable, printable_lines

COLOURS: dict[State, str] = {
    "ok": "color(28)",
    "note": "color(31)",
    "warning": "color(130)",
    "broken": "bold color(160)",
}
"""Of the 256 colours of terminals, some that can be read on black as well as on white."""
_WIDEST = max(map(len, STATES))
_INDENT = " " * (_WIDEST + 4)

_SHOWN = 3
"""Checks shown while they run; more do not fit on a line."""


def lines(findings: Sequence[Finding]) -> Iterator[tuple[State | None, str]]:
    """Yield the lines to print, each with the state that sets its colour."""
    area = None
    for finding in findings:
        if finding.area != area:
            if area is not None:
                yield None, ""
            area = finding.area
            yield None, area
        yield finding.state, f"  {finding.state:<{_WIDEST}}  {finding.about}: {finding.found}"
        if finding.means:
            yield None, f"{_INDENT}{finding.means}"
        if finding.remedy:
            yield None, f"{_INDENT}-> {finding.remedy}"


def summary(findings: Sequence[Finding]) -> str:
    """Return the count of each state: `1 broken, 2 warnings, 5 notes, 17 ok`."""
    counts = {state: sum(f.state == state for f in findings) for state in reversed(STATES)}
    plural = {"warning": "warnings", "note": "notes"}
    return ", ".join(
        f"{count} {plural.get(state, state) if count != 1 else state}"
        for state, count in counts.items()
        if count or state == "broken"
    )


def plain(findings: Sequence[Finding]) -> str:
    """Return the findings as plain text."""
    return "\n".join([*(text for _, text in lines(findings)), "", summary(findings)])


def show(findings: Sequence[Finding]) -> None:
    """Print the findings on standard output, coloured and folded on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=False, highlight=False)
    if not console.is_terminal:
        sys.stdout.write(printable_lines(plain(findings)) + "\n")
        return
    for state, text in lines(findings):
        folded = textwrap.fill(
            printable(text),
            # a line as wide as the terminal would be followed by an empty one
            max(console.width - 1, 40),
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        styled = Text(folded, style="" if text[:1] == " " else "bold")
        if state is not None:
            styled.stylize(COLOURS[state], 2, 2 + len(state))
        elif text[:1] == " " and not text.lstrip().startswith("->"):
            styled.stylize("dim")
        console.print(styled)
    console.print(Text("\n" + printable(summary(findings)), style="bold"))


class Progress:
    """The running checks on standard error: a moving line on a terminal, nothing elsewhere."""

    def __init__(self, status: Any) -> None:
        self._status = status

    def watch(self, running: Sequence[str]) -> None:
        """Show the checks that still run."""
        if self._status is not None:
            more = f" and {len(running) - _SHOWN} more" if len(running) > _SHOWN else ""
            self._status.update(printable("checking " + ", ".join(running[:_SHOWN]) + more))

    def say(self, text: str) -> None:
        """Show a person what to do, or what happens to their devices."""
        if self._status is not None:
            self._status.console.print(printable_lines(text), markup=False, highlight=False)
        else:
            sys.stderr.write(printable_lines(text) + "\n")


@contextmanager
def progress() -> Iterator[Progress]:
    """Show the progress during this block."""
    if not sys.stderr.isatty():
        yield Progress(None)
        return
    from rich.console import Console

    with Console(stderr=True).status("checking") as status:
        yield Progress(status)
