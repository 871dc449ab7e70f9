"""An examination as people read it: by areas, in colours on a terminal, plain elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from satellite.doctor.finding import STATES, Finding, State

_COLOURS: dict[State, str] = {
    "ok": "green",
    "note": "cyan",
    "warning": "yellow",
    "broken": "bold red",
}
_WIDEST = max(map(len, STATES))


def lines(findings: Sequence[Finding]) -> Iterator[tuple[State | None, str]]:
    """The lines to print, each with the state that colours it."""
    area = None
    for finding in findings:
        if finding.area != area:
            if area is not None:
                yield None, ""
            area = finding.area
            yield None, area
        yield finding.state, f"  {finding.state:<{_WIDEST}}  {finding.about}: {finding.found}"
        indent = " " * (_WIDEST + 4)
        if finding.means:
            yield None, f"{indent}{finding.means}"
        if finding.remedy:
            yield None, f"{indent}-> {finding.remedy}"


def summary(findings: Sequence[Finding]) -> str:
    """How many of each state: `1 broken, 2 warnings, 5 notes, 17 ok`."""
    counts = {state: sum(f.state == state for f in findings) for state in reversed(STATES)}
    plural = {"warning": "warnings", "note": "notes"}
    parts = [
        f"{count} {plural.get(state, state) if count != 1 else state}"
        for state, count in counts.items()
        if count or state == "broken"
    ]
    return ", ".join(parts)


def plain(findings: Sequence[Finding]) -> str:
    """All of it as plain text."""
    return "\n".join([*(text for _, text in lines(findings)), "", summary(findings)])


def show(findings: Sequence[Finding]) -> None:
    """Print to standard output; in colours where that is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=False, highlight=False)
    if not console.is_terminal:
        sys.stdout.write(plain(findings) + "\n")
        return
    for state, text in lines(findings):
        if state is None:
            bold = bool(text) and not text.startswith(" ")
            dim = text.lstrip() != text and not text.lstrip().startswith("->")
            console.print(Text(text, style="bold" if bold else "dim" if dim else ""))
        else:
            styled = Text(text)
            styled.stylize(_COLOURS[state], 2, 2 + len(state))
            console.print(styled)
    console.print(Text("\n" + summary(findings), style="bold"))


class Progress:
    """Says what is looked at, on standard error: a moving line on a terminal, else nothing."""

    def __init__(self, status: Any) -> None:
        self._status = status

    def watch(self, running: Sequence[str]) -> None:
        """Tell what is still being looked at."""
        if self._status is not None:
            self._status.update("looking at " + ", ".join(running) if running else "done")

    def say(self, text: str) -> None:
        """Tell a person what to do, or what is done to their devices."""
        if self._status is not None:
            self._status.console.print(text, markup=False, highlight=False)
        else:
            sys.stderr.write(text + "\n")


@contextmanager
def progress() -> Iterator[Progress]:
    """The progress during this block."""
    if not sys.stderr.isatty():
        yield Progress(None)
        return
    from rich.console import Console

    with Console(stderr=True).status("looking") as status:
        yield Progress(status)
