"""`satellite talk`: a conversation in the terminal, typed or spoken."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import click

from satellite.cli import command, flags, logs
from satellite.cli.screen import print_text
from satellite.cli.talking.commands import Commands
from satellite.cli.talking.dialogue import Dialogue
from satellite.cli.talking.keyboard import chunks
from satellite.cli.talking.page import PlainPage, TerminalPage
from satellite.cli.talking.session import Talk, opened_talk
from satellite.cli.talking.voice_rate import with_voice_rate
from satellite.components.auto import BUILT_IN, language_remedy
from satellite.components.spec import AUTO
from satellite.errors import SatelliteError
from satellite.lib.bus import Bus, Subscription
from satellite.lib.platform.terminal import keys_at_once
from satellite.lib.taskgroups import first_error
from satellite.settings import Settings


@command.command()
@flags.setting("language")
@flags.engine("mic", "speaker", "asr", "llm", "tts")
@command.option(
    "--voice-rate",
    type=click.IntRange(80, 450),
    metavar="N",
    help="Speed of the voice in words a minute",
)
@command.option("--no-voice", "silent", is_flag=True, help="Only show the answers")
@command.option("--open-mic", is_flag=True, help="Let any voice begin a request, not only Enter")
@flags.no_zeroconf()
@flags.common
@click.pass_context
def talk(context: click.Context, voice_rate: int | None, silent: bool, open_mic: bool) -> None:
    """Talk with the language model, typed or spoken.

    Type a request, or press Enter or the space bar to speak one. The answer is shown as it comes,
    and spoken. Enter or Ctrl-C interrupts it. /model NAME switches the language model, /voice the
    voice, /clear forgets the conversation, /quit leaves. Lines from a pipe are answered in turn.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    logs.quieten("satellite")
    logs.quieten("servers")
    logs.quieten("satellite.turns", logging.ERROR)  # the page shows how a turn failed
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    page = TerminalPage() if terminal else PlainPage()

    async def converse(bus: Bus) -> None:
        with first_error(SatelliteError):
            chosen = await with_voice_rate(settings, voice_rate)
            await _converse(chosen, bus, page, voice=not silent, open_mic=open_mic)

    invocation.run(converse)
    if page.failed and not terminal:
        context.exit(1)


async def _converse(
    settings: Settings, bus: Bus, page: PlainPage, *, voice: bool, open_mic: bool
) -> None:
    async with bus.subscribe("terminal") as happening:
        note = _note if isinstance(page, TerminalPage) else _ignore
        opening = opened_talk(settings, bus.publish, voice=voice, note=note)
        async with opening as talk, asyncio.TaskGroup() as tasks:
            talk.session.open_microphone = open_mic and talk.session.hears
            _introduce(talk, settings, page)
            dialogue = Dialogue(talk.session, Commands(talk, settings, page), page)
            showing = tasks.create_task(_show(happening, page), name="page")
            if isinstance(page, TerminalPage):
                with keys_at_once(), _logged_around(page):
                    async with aclosing(chunks()) as typed:
                        await dialogue.at_terminal(typed)
                    page.erase()
            else:
                async with aclosing(chunks()) as written:
                    await dialogue.from_pipe(written)
            talk.session.interrupt()
            await talk.session.wait_until_idle()
            happening.end()
            await asyncio.wait([showing])


async def _show(happening: Subscription, page: PlainPage) -> None:
    async for event in happening:
        page.take(event)


def _introduce(talk: Talk, settings: Settings, page: PlainPage) -> None:
    """Say who answers, and how to begin; to a pipe only what is missing."""
    if talk.llm.label == BUILT_IN["llm"] and settings.llm == AUTO:
        remedy = language_remedy("llm", settings.language)
        _note(f"no language model: only the built-in sentences are answered; {remedy}")
    if isinstance(page, TerminalPage):
        page.say(f"Answered by {talk.llm.label}, spoken by {talk.tts.label}.")
        how = "Type, or press Enter to speak" if talk.session.hears else "Type"
        page.say(f"{how}; /help lists the commands, /quit leaves.")


def _ignore(text: str) -> None:
    """Do nothing: a program that writes into the pipe has no use for it."""


def _note(text: str) -> None:
    print_text(f"note: {text}", err=True)


class _AroundPage:
    """The stream of a log that shares the terminal with a page."""

    def __init__(self, page: TerminalPage) -> None:
        self._page = page

    def write(self, text: str) -> None:
        """Write a message above the last line of the page."""
        self._page.erase()
        sys.stderr.write(text)
        sys.stderr.flush()
        self._page.draw()

    def flush(self) -> None:
        """Do nothing: `write` does."""


@contextmanager
def _logged_around(page: TerminalPage) -> Iterator[None]:
    """Log to the terminal without tearing its last line apart, inside this block."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and sys.stderr.isatty()
    ]
    before = [handler.setStream(_AroundPage(page)) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            handler.setStream(stream)
