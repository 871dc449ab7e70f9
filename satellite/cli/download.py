"""A download as people watch it: a bar on a terminal, else a line now and then.

Both are what `servers.models.Progress` asks for, and write to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

EVERY = 2.0
"""Seconds between two lines: enough for somebody who follows, little for a log that is kept."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: float) -> str:
    """A number of bytes for people: `145 MB`, in powers of a thousand."""
    unit = 0
    while abs(count) >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return (
        f"{count:.0f} {_UNITS[unit]}"
        if unit == 0 or count >= 99.5
        else f"{count:.1f} {_UNITS[unit]}"
    )


def duration(seconds: float) -> str:
    """A time for people: `21 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def display() -> Lines | Bar:
    """The way to show a download on this standard error."""
    return Bar() if sys.stderr.isatty() else Lines()


class Lines:
    """Says how far it is, at most every `EVERY` seconds, and at the end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._model = ""

    def begin(self, model: str, total: int, done: int) -> None:
        """Say what is fetched, how large it is, and how much of it is here already."""
        if model != self._model:
            self._model, self._done, self._came = model, done, 0
            self._started = self._told = self._clock()
            here = f", {size(done)} of it here already" if done else ""
            self.report(f"{model}: {size(total)}{here}")
        self._total = total

    def advance(self, count: int) -> None:
        """Say how far it is when it is time for that."""
        if not self._model:
            return
        self._done += count
        self._came += max(count, 0)
        if self._clock() - self._told >= EVERY:
            self._told = self._clock()
            self.report(self._line())

    def report(self, text: str) -> None:
        """Say it on a line of its own."""
        click.echo(text, err=True)

    def end(self) -> None:
        """Say how it ended up."""
        took = self._clock() - self._started
        self.report(
            f"{self._model}: {size(self._done)} here, {size(self._came)} in {duration(took)}"
        )
        self._model = ""

    def _line(self) -> str:
        parts = [f"{self._model}: {size(self._done)}"]
        if self._total:
            parts[0] += f" of {size(self._total)} ({self._done / self._total:.0%})"
        rate = self._came / max(self._told - self._started, 1e-9)
        parts.append(f"{size(rate)}/s")
        if rate and self._total:
            parts.append(f"{duration((self._total - self._done) / rate)} left")
        return ", ".join(parts)


class Bar:
    """A bar with sizes, rate and time left, drawn by rich."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, model: str, total: int, done: int) -> None:
        """Show the bar."""
        if self._bar is None:
            from rich import progress
            from rich.console import Console

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.DownloadColumn(),
                progress.TransferSpeedColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task(model, total=total or None, completed=done)
            self._bar.start()
        self._bar.update(self._task, total=total or None)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(self._task, count)

    def report(self, text: str) -> None:
        """Say it above the bar."""
        if self._bar is None:
            click.echo(text, err=True)
        else:
            self._bar.console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
