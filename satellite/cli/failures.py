"""The end of a command that failed: one line for each problem, and the exit code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import click

from satellite.cli.screen import echo, print_text
from satellite.errors import ConfigError, SatelliteError

INTERRUPTED = 130
"""Exit code of a program ended by SIGINT, as shells have it: 128 + 2."""


def report(error: BaseException) -> int:
    """Print why the command failed on standard error; return its exit code.

    The notes of an error follow it. A bug of the program keeps its traceback.
    """
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "satellite"
        _line(f"{error.format_message().rstrip('.')} (see {path} --help)")
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return INTERRUPTED
    causes = list(leaves(error))
    known = [cause for cause in causes if isinstance(cause, SatelliteError)]
    if not known or len(known) < len(causes):
        lines = "".join(traceback.format_exception(error)).rstrip("\n")
        echo(lines, err=True)
        _line("this is a bug; please report it with the lines above")
        return 1
    for line in dict.fromkeys(line for cause in known for line in _lines(cause)):
        _line(line)
    for note in dict.fromkeys(note for cause in known for note in getattr(cause, "__notes__", ())):
        echo(note, err=True)
    return max(cause.exit_code for cause in known)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors inside a group, as task groups make them, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _lines(error: SatelliteError) -> tuple[str, ...]:
    if isinstance(error, ConfigError):
        return error.problems
    return (" ".join(str(error).split()),)


def _line(text: str) -> None:
    print_text(f"satellite: {text}", err=True, later="  ")
