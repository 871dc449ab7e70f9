"""`satellite say`: speaks a text here or on running satellites."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import click

from satellite import events
from satellite.announcements import remote
from satellite.announcements.announcement import AnnouncementStyle, Priority, check_text
from satellite.audio.playback import Playback
from satellite.builtin.audio.devices import default_speaker
from satellite.cli import command, flags, logs
from satellite.cli.answered_by import print_engine
from satellite.cli.screen import echo, read_text
from satellite.components import spec
from satellite.engines import assembly
from satellite.errors import PeerUnreachable, UsageError
from satellite.lib.bus import Bus
from satellite.lib.deadline import fallback_seconds, within
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.text.speakable import speakable
from satellite.turns.context import label
from satellite.values import SpeechRequest


@command.command()
@flags.setting("language")
@flags.engine("tts", "speaker")
@flags.no_zeroconf()
@flags.common
@command.option(
    "--to",
    multiple=True,
    metavar="NAME|all|URI",
    help="Let a running satellite speak it, by its name or address; may be repeated",
)
@command.option(
    "--priority",
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    help="With --to: wait for silence, for the end of a turn, or not at all",
)
@command.option(
    "--chime/--no-chime",
    default=True,
    help="With --to: play a sound first",
)
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def say(
    context: click.Context, text: Sequence[str], to: Sequence[str], priority: Priority, chime: bool
) -> None:
    """Speak a text.

    TEXT is the text; - reads it from standard input. --speaker wav:FILE writes the speech to a
    file. With --to, running satellites speak it, and the command waits until they have.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    words = read_text(text)
    logs.quieten("satellite.net.discovery")  # the engine that answered is printed
    if to:
        invocation.run(lambda bus: _announce(settings, to, words, priority, chime))
        return
    invocation.run(lambda bus: _say(settings, bus, words, invocation.louder >= 0))


async def _announce(
    settings: Settings, to: Sequence[str], text: str, priority: Priority, chime: bool
) -> None:
    pairing = Pairing(settings.pairing)
    style = AnnouncementStyle(priority=priority, chime=chime)
    satellites = await remote.resolve(to, pairing)
    if not satellites:
        raise PeerUnreachable(
            "no satellite found on the LAN; name one, as in --to tcp://HOST:10700"
        )
    failed = await remote.announce_to_all(satellites, check_text(text), style, pairing)
    for name in sorted(set(satellites) - set(failed)):
        echo(f"heard on {name}")
    if failed:
        problems = "; ".join(f"{name}: {error}" for name, error in sorted(failed.items()))
        raise PeerUnreachable(f"not heard on {problems}")


async def _say(settings: Settings, bus: Bus, text: str, verbose: bool) -> None:
    if not (spoken := speakable(text)):
        raise UsageError("nothing in this text can be spoken: it has no words")
    where = settings.speaker
    if where == spec.AUTO:
        where = await asyncio.to_thread(default_speaker)
    speaker, deadline = spec.create("speaker", where), settings.deadlines.speaker
    playback = Playback(speaker, bus.publish, deadline, volume=settings.volume)
    request = SpeechRequest(text=spoken, language=settings.language)
    try:
        await playback.open()
        async with assembly.opened("tts", settings) as tts:
            limit = settings.deadlines.tts + fallback_seconds(tts)
            speech = within(tts.synthesize(request), limit, "text-to-speech")
            async with aclosing(speech):
                await playback.play(speech, on_first=lambda: bus.publish(events.AudioStart()))
            bus.publish(events.AudioEnd())
            if verbose:
                print_engine(settings, "tts", label(tts))
    finally:
        await playback.close()
