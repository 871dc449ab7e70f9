"""`satellite transcribe`: prints the text of a WAV file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import click

from satellite import events
from satellite.audio.resample import Resampler
from satellite.audio.wavfile import read_wav
from satellite.cli import command, flags, logs
from satellite.cli.answered_by import print_engine
from satellite.cli.screen import echo, print_text
from satellite.engines import assembly
from satellite.lib.bus import Bus
from satellite.lib.deadline import fallback_seconds, within
from satellite.settings import Settings
from satellite.turns.context import label
from satellite.values import SPEECH, TranscribeRequest

_PIECE = 32_000
"""Bytes that the engine gets at a time: one second."""


@command.command()
@flags.setting("language")
@flags.engine("asr")
@flags.no_zeroconf()
@flags.common
@click.argument("wav")
@click.pass_context
def transcribe(context: click.Context, wav: str) -> None:
    """Print what is said in a WAV file.

    The file may have any sample rate and any number of channels.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    form, audio = read_wav(Path(wav))
    resampler = Resampler(form, SPEECH)
    speech = resampler.convert(audio) + resampler.flush()
    logs.quieten("satellite.net.discovery")  # the engine that answered is printed
    invocation.run(lambda bus: _transcribe(settings, bus, speech, invocation.louder >= 0))


async def _transcribe(settings: Settings, bus: Bus, speech: bytes, verbose: bool) -> None:
    request = TranscribeRequest(
        language=settings.language, names=settings.home.own_names, terms=settings.home.own_areas
    )
    async with assembly.opened("asr", settings) as asr:
        limit = settings.deadlines.asr + fallback_seconds(asr)
        results = within(asr.transcribe(_pieces(speech), request), limit, "speech-to-text")
        async with aclosing(results):
            async for result in results:
                event = events.Transcript(text=result.text, final=result.final, engine=label(asr))
                bus.publish(event)
                if result.final and result.text.strip():
                    echo(result.text)
                elif result.final:
                    print_text(f"{label(asr)} understood nothing", err=True)
        if verbose:
            print_engine(settings, "asr", label(asr))


async def _pieces(speech: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(speech), _PIECE):
        yield speech[start : start + _PIECE]
