"""How a command that failed ends: one clear line for each thing wrong, and the right exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator

import click

from satellite.errors import ConfigError, SatelliteError

INTERRUPTED = 130
"""Exit code of a program ended by SIGINT, as shells have it: 128 + 2."""


def report(error: BaseException) -> int:
    """Tell on standard error why the command failed; return its exit code.

    What is nobody's mistake but ours keeps its traceback.
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
        traceback.print_exception(error, file=sys.stderr)
        _line("this is a bug; please report it with the lines above")
        return 1
    for line in dict.fromkeys(line for cause in known for line in _lines(cause)):
        _line(line)
    return max(cause.exit_code for cause in known)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors inside groups of errors, which task groups make; itself where it is none."""
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
    click.echo(f"satellite: {text}", err=True)
