"""`satellite stats`: how turns ended, what took how long, and how often it woke."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from time import time

import click

from satellite.cli import command, flags
from satellite.cli.screen import print_json, table
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.summary import Summary, summary

DAYS = 7.0

_MEANING = {
    "endpoint": "from the voice's end to knowing it",
    "asr": "to the text",
    "llm": "to the answer's first words",
    "tts": "to the first sound",
    "answer": "from the voice's end to the first sound",
}


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
    help="Delete everything that was kept",
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
    state = flags.state(context)
    settings = state.settings()
    file = database.found(settings.name)
    if forget:
        file.unlink(missing_ok=True)
        click.echo(f"{file} is deleted.", err=True)
        return
    found = summary(*database.read(file, time() - days * 86400))
    if state.json:
        print_json(found)
    elif found.since is None:
        click.echo(f"Nothing was kept in the last {days:g} days ({file}).", err=True)
    else:
        click.echo("\n".join(summary_lines(found)))


def summary_lines(found: Summary) -> Iterator[str]:
    """The numbers for people."""
    since = datetime.fromtimestamp(found.since or 0).strftime("%Y-%m-%d %H:%M")
    yield f"since {since}: {found.turns} turns{_counted(found.outcomes)}"
    if found.failures:
        yield f"failed in{_counted(found.failures).replace(':', '', 1)}"
    if found.stages:
        yield ""
        rows = [
            (name, f"{s.p50:.2f} s", f"{s.p95:.2f} s", str(s.turns), _MEANING[name])
            for name, s in found.stages.items()
        ]
        yield table(rows, header=("STAGE", "HALF WITHIN", "95 % WITHIN", "TURNS", ""))
    if found.words:
        yield ""
        words = [
            (word, str(w.heard), f"{w.score:.2f}" if w.heard else "", str(w.nearly))
            for word, w in found.words.items()
        ]
        yield table(words, header=("WAKE WORD", "HEARD", "MEAN SCORE", "NEARLY"))
    rest = [
        ("left to another satellite", found.yielded),
        ("times the microphone lost sound", found.losses.get("overrun", 0)),
        ("times the speaker ran dry", found.losses.get("underrun", 0)),
        (f"changes to another engine{_counted(found.failovers)}", sum(found.failovers.values())),
        (f"failures outside turns{_counted(found.errors)}", sum(found.errors.values())),
        ("starts of the program", found.starts),
    ]
    yield ""
    yield table([(str(count), what) for what, count in rest])


def _counted(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
    return f": {named}" if named else ""
