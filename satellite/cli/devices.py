"""`satellite devices`: the microphones and speakers of this machine, listed and tried."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

import click

from satellite.audio.meter import PERIOD, levels, tone
from satellite.audio.playback import Playback
from satellite.builtin.audio.devices import (
    DeviceInfo,
    default_mic,
    default_speaker,
    list_devices,
)
from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.components import spec
from satellite.errors import DeviceMissing, SatelliteError
from satellite.lib.bus import Bus
from satellite.settings import Settings
from satellite.values import AudioChunk

SECONDS = 5.0
"""Time of the meter: enough to speak a sentence."""

TONE = (440.0, 1.0)
"""Hz and seconds of the tone."""

SILENT = -90.0
"""dBFS: a microphone in a room gets louder than this, a muted one never does."""

_FLOOR = -60.0
"""dBFS at the left end of the meter."""

_WIDTH = 40


@command.command()
@command.option(
    "--test",
    is_flag=True,
    help="Play a tone on the speaker, then show how loud the microphone is",
)
@command.option(
    "--seconds",
    type=click.FloatRange(0.1, 3600),
    default=SECONDS,
    metavar="SECONDS",
    help=f"Show the meter this long  [default: {SECONDS:g} s]",
)
@flags.engine("mic", "speaker")
@flags.common
@flags.as_json
@click.pass_context
def devices(context: click.Context, test: bool, seconds: float) -> None:
    """List or try the microphones and speakers.

    The names in the table are the values of --mic and --speaker.
    """
    invocation = flags.invocation(context)
    if test:
        settings = invocation.settings()
        invocation.run(lambda bus: _test(settings, bus, seconds))
        return
    invocation.start_logging()
    found = list_devices()
    if invocation.json:
        print_json(found)
        return
    if found:
        header = ("DEVICE", "COMPONENT", "DESCRIPTION", "RATE", "CHANNELS")
        print_table([row(device) for device in found], header=header)
    _print_missing({device.direction for device in found})


def row(device: DeviceInfo) -> tuple[str, ...]:
    """Return a device's cells, in the order of the header."""
    kind = {"in": "microphone", "out": "speaker"}[device.direction]
    return (
        kind + (", default" if device.default else ""),
        device.component,
        device.description,
        f"{device.rate} Hz" if device.rate else "",
        str(device.channels) if device.channels else "",
    )


def bar(rms: float, peak: float) -> str:
    """Draw a level in dBFS as a bar: filled up to the mean, with a mark at the peak."""

    def place(level: float) -> int:
        return round(max(0.0, min(1.0, 1 - level / _FLOOR)) * (_WIDTH - 1))

    marks = ["#" if position < place(rms) else " " for position in range(_WIDTH)]
    marks[place(peak)] = "|"
    return f"[{''.join(marks)}] {peak:6.1f} dBFS"


def _print_missing(directions: set[str]) -> None:
    for direction, default in (("in", default_mic), ("out", default_speaker)):
        if direction not in directions:
            try:
                default()
            except DeviceMissing as error:
                print_text(f"satellite: {error}", err=True, later="  ")


async def _test(settings: Settings, bus: Bus, seconds: float) -> None:
    """Try the speaker, then the microphone, even if the speaker failed."""
    problems = []
    for attempt in (_play(settings, bus), _listen(settings, seconds)):
        try:
            await attempt
        except SatelliteError as error:
            problems.append(error)
    if problems:
        raise ExceptionGroup("devices", problems)


async def _play(settings: Settings, bus: Bus) -> None:
    async def sound() -> AsyncGenerator[AudioChunk, None]:
        yield tone(*TONE)

    where = settings.speaker
    if where == spec.AUTO:
        where = await asyncio.to_thread(default_speaker)
    playback = Playback(spec.create("speaker", where), bus.publish, volume=settings.volume)
    echo(f"speaker {where}: a tone of {TONE[0]:g} Hz")
    try:
        await playback.open()
        async with aclosing(sound()) as chunks:
            await playback.play(chunks)
    finally:
        await playback.close()


async def _listen(settings: Settings, seconds: float) -> None:
    where = settings.mic
    if where == spec.AUTO:
        where = await asyncio.to_thread(default_mic)
    mic = spec.create("mic", where)
    echo(f"microphone {where}: say something")
    loudest, left = SILENT, round(seconds / PERIOD)
    moving = sys.stdout.isatty()
    async with aclosing(levels(mic)) as measured:
        async for level in measured:
            loudest = max(loudest, level.peak)
            if moving or left % 10 == 1:
                end = "\r" if moving and left > 1 else "\n"
                click.echo(f"  {bar(level.rms, level.peak)}{end}", nl=False)
            left -= 1
            if left <= 0:
                break
    if loudest <= SILENT:
        print_text("the microphone gives nothing but silence: is it muted, or the wrong one?")
    else:
        print_text(f"the peak was {loudest:.1f} dBFS (0 is the maximum)")
