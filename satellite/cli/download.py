"""The progress of a download: a bar at a terminal, a line now and then otherwise.

Both implement `servers.models.Progress`, and write to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from satellite.cli.screen import print_text
from satellite.text.printable import printable_lines

EVERY = 2.0
"""Seconds between two lines: often enough to follow, rare enough for a stored log."""

STYLES = {
    "bar.complete": "color(62)",
    "bar.finished": "color(28)",
    "bar.pulse": "color(62)",
    "progress.download": "none",
    "progress.data.speed": "none",
    "progress.remaining": "none",
}
"""Of the 256 colours of terminals, some that can be read on black as well as on white."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: float) -> str:
    """Return a number of bytes for people: `145 MB`, in powers of a thousand."""
    unit = 0
    while abs(count) >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return (
        f"{count:.0f} {_UNITS[unit]}"
        if unit == 0 or count >= 99.5
        else f"{count:.1f} {_UNITS[unit]}"
    )


def duration(seconds: float) -> str:
    """Return a duration for people: `21 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def display() -> Lines | Bar:
    """Return the progress display that fits standard error."""
    return Bar() if sys.stderr.isatty() else Lines()


class Lines:
    """Prints a line at most every `EVERY` seconds, and at the end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._model = ""

    def begin(self, model: str, total: int, done: int) -> None:
        """Print the name, the size, and the part that is on the disk already."""
        if model != self._model:
            self._model, self._done, self._came = model, done, 0
            self._started = self._printed = self._clock()
            here = f", {size(done)} of it on the disk already" if done else ""
            self.report(f"{model}: {size(total)}{here}")
        self._total = total

    def advance(self, count: int) -> None:
        """Count bytes; print a line when it is time."""
        if not self._model:
            return
        self._done += count
        self._came += max(count, 0)
        if self._clock() - self._printed >= EVERY:
            self._printed = self._clock()
            self.report(self._line())

    def report(self, text: str) -> None:
        """Print a message."""
        print_text(text, err=True)

    def end(self) -> None:
        """Print the total."""
        took = self._clock() - self._started
        fetched = f"{size(self._came)} fetched in {duration(took)}"
        self.report(f"{self._model}: {size(self._done)} on the disk, {fetched}")
        self._model = ""

    def _line(self) -> str:
        parts = [f"{self._model}: {size(self._done)}"]
        if self._total:
            parts[0] += f" of {size(self._total)} ({self._done / self._total:.0%})"
        rate = self._came / max(self._printed - self._started, 1e-9)
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
            from rich import progress  # 50 ms that a model which is complete does not cost
            from rich.console import Console
            from rich.theme import Theme

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.DownloadColumn(),
                progress.TransferSpeedColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True, theme=Theme(STYLES)),
            )
            self._task = self._bar.add_task(model, total=total or None, completed=done)
            self._bar.start()
        self._bar.update(self._task, total=total or None)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(self._task, count)

    def report(self, text: str) -> None:
        """Print a message above the bar."""
        if self._bar is None:
            print_text(text, err=True)
        else:
            self._bar.console.print(printable_lines(text), markup=False, highlight=False)

    def end(self) -> None:
        """Stop the bar, and leave it on the screen."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
