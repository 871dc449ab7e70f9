"""`satellite say`: a text, spoken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from satellite.cli import flags, sections
from satellite.cli.texts import text_of

if TYPE_CHECKING:
    from satellite.bus import Bus
    from satellite.settings import Settings


@sections.command()
@flags.setting("language", flags.OPTIONS)
@flags.engine("tts", "speaker")
@flags.no_zeroconf()
@flags.common
@click.argument("text", nargs=-1, required=True)
@click.pass_context
def say(context: click.Context, text: Sequence[str]) -> None:
    """Speak a text.

    TEXT is what is said; - reads it from standard input. --speaker wav:FILE writes it to a file.
    """
    state = flags.state(context)
    settings = state.settings()
    words = text_of(text)
    state.run(lambda bus: _say(settings, bus, words))


async def _say(settings: Settings, bus: Bus, text: str) -> None:
    import asyncio

    from satellite import components, engines, events
    from satellite.audio.playback import Playback
    from satellite.deadline import within
    from satellite.values import SpeechRequest

    where = settings.speaker
    if where == components.AUTO:
        from satellite.audio.devices import default_speaker

        where = await asyncio.to_thread(default_speaker)
    playback = Playback(
        components.create("speaker", where), bus.publish, settings.deadlines.speaker
    )
    playback.volume = settings.volume
    request = SpeechRequest(text=text, language=settings.language)
    try:
        await playback.open()
        async with engines.opened("tts", settings) as tts:
            speech = within(tts.synthesize(request), settings.deadlines.tts, "text-to-speech")
            async with aclosing(speech):
                await playback.play(speech, on_first=lambda: bus.publish(events.AudioStart()))
            bus.publish(events.AudioEnd())
    finally:
        await playback.close()
