"""`satellite wake`: teaches the satellite how people say its wake word, and tries a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from satellite.builtin.wake.learned_voices import VoiceFile
from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.cli.voice_learning import (
    learn_voice,
    learning_engine,
    person_name,
)
from satellite.cli.wake_review import review
from satellite.cli.wake_test import test
from satellite.cli.word_recordings import wav_option, word_recordings
from satellite.components.auto import wake_engine
from satellite.errors import UsageError


class Row(msgspec.Struct, frozen=True):
    """A voice in the list."""

    name: str
    word: str
    recordings: int


@command.group("wake")
@flags.common
@flags.as_json
@click.pass_context
def wake(context: click.Context) -> None:
    """Teach the satellite voices, or try a wake word.

    Without a command, list the voices that were learned. They stay on this machine.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_voices)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(f"wake {context.invoked_subcommand} prints no table for --json")


@wake.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.pass_context
def list_voices(context: click.Context) -> None:
    """List the voices that were learned."""
    invocation = flags.invocation(context)
    stored = VoiceFile(invocation.settings().name).read()
    rows = [Row(each.name, each.word, each.recordings) for each in stored.voices]
    if invocation.json:
        print_json(rows)
    elif rows:
        cells = [(row.name, row.word, str(row.recordings)) for row in rows]
        print_table(cells, header=("NAME", "WORD", "RECORDINGS"))
    else:
        print_text("no voice was learned; satellite wake learn NAME learns one")


_WORD = command.option(
    "--word", default="", metavar="WORD", help="Wake word  [default: the first of the setting wake]"
)


@wake.command("learn", context_settings=command.WIDTH)
@wav_option
@_WORD
@flags.engine("wake", "mic")
@flags.common
@click.argument("name")
@click.pass_context
def learn(context: click.Context, name: str, wavs: tuple[Path, ...], word: str) -> None:
    """Learn how a person says the wake word.

    The person says it four times. From then on, a learned voice needs a lower score, so that it is
    heard from farther away and in noise; guests are heard as before. A voice of the same name is
    replaced.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    settings = invocation.settings()
    name = person_name(name)
    file = VoiceFile(settings.name)

    async def work(bus: Any) -> None:
        async with learning_engine(settings) as engine:
            if engine is None:
                raise UsageError(
                    f"{wake_engine(settings.wake)}: voices are learned with openWakeWord's models: "
                    "set wake to two-stage or openwakeword"
                )
            model = engine.word_named(word)
            recordings = await word_recordings(settings, wavs, model, engine)
            echo(await learn_voice(engine, model, name, recordings, file))

    invocation.run(work, recorded=False)
    echo(f"stored in {file.path}; a running satellite uses it after its next start")


@wake.command("forget", context_settings=command.WIDTH)
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def forget(context: click.Context, names: tuple[str, ...]) -> None:
    """Delete voices that were learned."""
    invocation = flags.invocation(context)
    invocation.start_logging()
    file = VoiceFile(invocation.settings().name)
    for name in names:
        file.remove(name)
        echo(f"{name} is forgotten")


wake.add_command(test)
wake.add_command(review)
