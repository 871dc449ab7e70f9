"""`satellite watch`: what happens, as it happens."""

from __future__ import annotations

from pathlib import Path

import click

from satellite.cli import flags, sections
from satellite.errors import UsageError


@sections.command()
@click.option(
    "--once",
    cls=flags.Flag,
    section=flags.OPTIONS,
    is_flag=True,
    help="Show what there is now, and end",
)
@flags.common
@click.pass_context
def watch(context: click.Context, once: bool) -> None:
    """Watch the satellite of this machine: its level, what it hears, answers, and how quickly.

    It goes on when the satellite is started again; Ctrl-C ends it. With --events it does not ask
    the satellite, but reads the file that the satellite writes with the same option.
    """
    state = flags.state(context)
    settings = state.settings()
    log = None if state.events in (None, "-") else Path(str(state.events))
    if log is not None and not log.is_file():
        raise UsageError(f"there is no event log {log}: satellite --events {log} writes one")

    async def show(_bus: object) -> None:
        from satellite.cli import watching

        await (watching.once(settings, log) if once else watching.live(settings, log))

    state.run(show, lasting=not once, recorded=False)
