"""`satellite ask`: one question to a brain, its answer as it comes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from satellite.cli import flags, sections
from satellite.cli.texts import text_of

if TYPE_CHECKING:
    from satellite.lib.bus import Bus
    from satellite.settings import Settings
    from satellite.values import ReplyRequest


@sections.command()
@flags.setting("language", flags.OPTIONS)
@flags.engine("llm")
@flags.no_zeroconf()
@flags.common
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def ask(context: click.Context, text: Sequence[str]) -> None:
    """Ask a brain and print its reply as it comes.

    TEXT is the question; - reads it from standard input. What the brain would have the satellite
    do, such as start a timer, is told on standard error and not done.
    """
    state = flags.state(context)
    settings = state.settings()
    question = text_of(text)
    state.run(lambda bus: _ask(settings, bus, question))


async def _ask(settings: Settings, bus: Bus, text: str) -> None:
    from satellite import events
    from satellite.engines import assembly
    from satellite.lib.deadline import within
    from satellite.turns.context import label
    from satellite.values import Action, Declined, Resumed

    whole = ""
    async with assembly.opened("llm", settings) as llm:
        parts = within(llm.reply(_request(settings, text)), settings.deadlines.llm, "the brain")
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Action):
                    click.echo(f"(to do: {part.name} {part.data})", err=True)
                    continue
                if isinstance(part, Resumed):  # a printed text cannot be taken back, but told anew
                    whole = part.text
                    click.echo(f"\n{whole}", nl=False)
                    continue
                piece = part.text if isinstance(part, Declined) else part
                whole += piece
                bus.publish(events.Reply(text=piece, final=False, engine=label(llm)))
                click.echo(piece, nl=False)
        bus.publish(events.Reply(text=whole, final=True, engine=label(llm)))
    click.echo()


def _request(settings: Settings, text: str) -> ReplyRequest:
    from satellite.values import ReplyRequest, Situation

    situation = Situation(
        satellite=settings.name,
        now=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        area=settings.area or None,
        names=settings.home.names,
        areas=settings.home.areas,
    )
    return ReplyRequest(text=text, language=settings.language, situation=situation)
