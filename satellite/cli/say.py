"""`satellite say`: a text, spoken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from satellite.cli import flags, sections
from satellite.cli.texts import text_of

if TYPE_CHECKING:
    from satellite.announcements.announcement import Priority
    from satellite.lib.bus import Bus
    from satellite.settings import Settings


@sections.command()
@flags.setting("language", flags.OPTIONS)
@flags.engine("tts", "speaker")
@flags.no_zeroconf()
@flags.common
@click.option(
    "--to",
    cls=flags.Flag,
    section=flags.OPTIONS,
    multiple=True,
    metavar="NAME|all|URI",
    help="Have a running satellite say it, by its name or address; may be repeated",
)
@click.option(
    "--priority",
    cls=flags.Flag,
    section=flags.OPTIONS,
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    help="With --to: wait until all is quiet, or for a turn to end, or for nothing",
)
@click.option(
    "--chime/--no-chime",
    cls=flags.Flag,
    section=flags.OPTIONS,
    default=True,
    help="With --to: a sound goes before it",
)
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def say(
    context: click.Context, text: Sequence[str], to: Sequence[str], priority: Priority, chime: bool
) -> None:
    """Speak a text.

    TEXT is what is said; - reads it from standard input. --speaker wav:FILE writes it to a file.
    With --to, satellites that run on the LAN say it, and this waits until they have.
    """
    state = flags.state(context)
    settings = state.settings()
    words = text_of(text)
    if to:
        from satellite.net import pairing

        pairing.use(settings.pairing)
        state.run(lambda bus: _announce(to, words, priority, chime))
        return
    state.run(lambda bus: _say(settings, bus, words))


async def _announce(to: Sequence[str], text: str, priority: Priority, chime: bool) -> None:
    from satellite.announcements import remote
    from satellite.announcements.announcement import AnnouncementStyle
    from satellite.announcements.announcement import text_of as announced
    from satellite.errors import PeerUnreachable

    manner = AnnouncementStyle(priority=priority, chime=chime)
    whom = await remote.resolve(to)
    if not whom:
        raise PeerUnreachable("no satellite was found on the LAN: name one, as tcp://HOST:10700")
    failed = await remote.announce_to_all(whom, announced(text), manner)
    for name in sorted(set(whom) - set(failed)):
        click.echo(f"heard on {name}")
    if failed:
        told = "; ".join(f"{name}: {error}" for name, error in sorted(failed.items()))
        raise PeerUnreachable(f"not heard on {told}")


async def _say(settings: Settings, bus: Bus, text: str) -> None:
    import asyncio

    from satellite import events
    from satellite.audio.playback import Playback
    from satellite.components import spec
    from satellite.engines import assembly
    from satellite.lib.deadline import within
    from satellite.values import SpeechRequest

    where = settings.speaker
    if where == spec.AUTO:
        from satellite.builtin.audio.devices import default_speaker

        where = await asyncio.to_thread(default_speaker)
    playback = Playback(spec.create("speaker", where), bus.publish, settings.deadlines.speaker)
    playback.volume = settings.volume
    request = SpeechRequest(text=text, language=settings.language)
    try:
        await playback.open()
        async with assembly.opened("tts", settings) as tts:
            speech = within(tts.synthesize(request), settings.deadlines.tts, "text-to-speech")
            async with aclosing(speech):
                await playback.play(speech, on_first=lambda: bus.publish(events.AudioStart()))
            bus.publish(events.AudioEnd())
    finally:
        await playback.close()
