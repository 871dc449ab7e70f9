"""`satellite stats`: the outcomes, times and wake words of the last days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from time import time

import click

from satellite.cli import command, flags
from satellite.cli.screen import columns, count, echo, print_json, print_text, table, wrapped
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.summary import Stage, Summary, summary

DAYS = 7.0

_MEANING = {
    "endpoint": "from the end of speech to its detection",
    "asr": "to the text",
    "llm": "to the answer's first words",
    "tts": "to the first sound",
    "answer": "from the end of speech to the first sound",
}


_DECIDED = {
    "whole": "by a whole request",
    "open": "by a request that could go on",
    "begun": "late, as a request had only begun",
    "unknown": "by silence alone",
}
"""How the end was decided, by `TurnRow.extent`."""


@command.command()
@command.option(
    "--days",
    type=click.FloatRange(0.01, 3650),
    default=DAYS,
    metavar="DAYS",
    help=f"Count this many days back  [default: {DAYS:g}]",
)
@command.option(
    "--forget",
    is_flag=True,
    help="Delete the statistics",
)
@flags.setting("name")
@flags.common
@flags.as_json
@click.pass_context
def stats(context: click.Context, days: float, forget: bool) -> None:
    """Show how turns ended and how long their stages took.

    The figures are stored on this machine only, for a month (stats.days), and without the words
    that were spoken (stats.texts).
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    file = database.find_file(settings.name)
    if forget:
        file.unlink(missing_ok=True)
        print_text(f"{file} is deleted.", err=True)
        return
    found = summary(*database.read(file, time() - days * 86400))
    if invocation.json:
        print_json(found)
    elif found.since is None:
        since = count(int(days), "day") if days == int(days) else f"{days:g} days"
        print_text(f"No statistics of the last {since} in {file}.", err=True)
    else:
        echo("\n".join(summary_lines(found, columns())))


def summary_lines(found: Summary, width: int | None = None) -> Iterator[str]:
    """Yield the figures for people, in lines of at most `width` characters."""
    since = datetime.fromtimestamp(found.since or 0).strftime("%Y-%m-%d %H:%M")
    yield wrapped(f"since {since}: {count(found.turns, 'turn')}{_counted(found.outcomes)}", width)
    if found.failures:
        yield wrapped(f"failures by stage{_counted(found.failures)}", width)
    if found.stages:
        yield ""
        rows = [_row(name, stage, _MEANING[name]) for name, stage in found.stages.items()]
        ends = [_row("", stage, _DECIDED[extent]) for extent, stage in found.ends.items()]
        rows[1:1] = ends if rows[0][0] == "endpoint" else []
        header = ("STAGE", "50 % WITHIN", "95 % WITHIN", "TURNS", "MEASURED")
        yield table(rows, header=header, width=width)
    if found.words:
        yield ""
        words = [
            (word, str(w.heard), f"{w.score:.2f}" if w.heard else "", str(w.nearly))
            for word, w in found.words.items()
        ]
        columns_of_words = ("WAKE WORD", "HEARD", "MEAN SCORE", "NEAR MISSES")
        yield table(words, header=columns_of_words, width=width)
    rest = [
        ("requests left to another satellite", found.yielded),
        ("requests joined after their end", found.joined),
        ("losses of microphone samples", found.losses.get("overrun", 0)),
        ("gaps in playback", found.losses.get("underrun", 0)),
        (f"failovers to another engine{_counted(found.failovers)}", sum(found.failovers.values())),
        (f"failures outside turns{_counted(found.errors)}", sum(found.errors.values())),
        ("starts of the program", found.starts),
    ]
    yield ""
    yield table([(what, str(number)) for what, number in rest], width=width)


def _row(name: str, stage: Stage, meaning: str) -> tuple[str, ...]:
    return name, f"{stage.p50:.2f} s", f"{stage.p95:.2f} s", str(stage.turns), meaning


def _counted(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items())
    return f": {named}" if named else ""
