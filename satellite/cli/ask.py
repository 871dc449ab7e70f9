"""`satellite ask`: prints the answer to a question as it comes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextlib import aclosing

import click

from satellite import events
from satellite.cli import command, flags, logs
from satellite.cli.answered_by import print_engine
from satellite.cli.screen import echo, print_text, read_text
from satellite.engines import assembly
from satellite.languages.names import areas_for, names_for
from satellite.lib.bus import Bus
from satellite.lib.deadline import fallback_seconds, within
from satellite.settings import Settings
from satellite.text.quoted import quoted
from satellite.turns.context import label
from satellite.values import TOOL_USED, Action, Declined, ReplyRequest, Resumed, Situation


@command.command()
@flags.setting("language")
@flags.engine("llm")
@flags.no_zeroconf()
@flags.common
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def ask(context: click.Context, text: Sequence[str]) -> None:
    """Ask a question and print the answer.

    TEXT is the question; - reads it from standard input. Actions that the answer requests, such as
    starting a timer, are printed on standard error and not performed.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    question = read_text(text)
    logs.quieten("satellite.net.discovery")  # the engine that answered is printed
    invocation.run(lambda bus: _ask(settings, bus, question, invocation.louder >= 0))


async def _ask(settings: Settings, bus: Bus, text: str, verbose: bool) -> None:
    whole, actions = "", list[Action]()
    async with assembly.opened("llm", settings) as llm:
        limit = settings.deadlines.llm + fallback_seconds(llm)
        parts = within(llm.reply(_request(settings, text)), limit, "the brain")
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Action):
                    actions.append(part)
                    continue
                if isinstance(part, Resumed):  # the terminal shows the first answer already
                    whole = part.text
                    echo(f"\n{whole}", nl=False)
                    continue
                piece = part.text if isinstance(part, Declined) else part
                whole += piece
                bus.publish(events.Reply(text=piece, final=False, engine=label(llm)))
                echo(piece, nl=False)
        bus.publish(events.Reply(text=whole, final=True, engine=label(llm)))
        answered_by = label(llm)
    echo()
    if verbose:
        print_engine(settings, "llm", answered_by)
    for action in actions:
        if action.name == TOOL_USED:
            print_text(f"used the tool {action.data.get('tool')}", err=True)
            continue
        facts = {name: value for name, value in action.data.items() if value is not None}
        print_text(f"requested action: {action.name} {quoted(facts)}", err=True, later="  ")


def _request(settings: Settings, text: str) -> ReplyRequest:
    situation = Situation(
        satellite=settings.name,
        now=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        area=settings.area or None,
        names=names_for(settings.home, settings.language),
        areas=areas_for(settings.home, settings.language),
    )
    return ReplyRequest(text=text, language=settings.language, situation=situation)
