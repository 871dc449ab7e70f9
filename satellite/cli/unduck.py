"""`satellite unduck`: other programs as loud as they were, where a crash has left them quiet."""

from __future__ import annotations

import click

from satellite.cli import flags, sections
from satellite.errors import DeviceMissing


@sections.command()
@flags.common
def unduck() -> None:
    """Make other programs as loud as they were, when a crash has left them quiet.

    A satellite does so itself when it starts. This is for those that are not started again, as in
    systemd's ExecStopPost=; while one runs, it makes them as loud as they are between two turns.
    """
    from satellite.audio.ducking.ducker import Ducker, notes
    from satellite.audio.ducking.pulse import PulseServer
    from satellite.audio.ducking.streams import SoundServerError

    kept = notes()
    if not kept.read():  # no sound server is needed then, nor is one missed
        click.echo("no other program was left quiet")
        return
    try:
        server = PulseServer()
        try:
            count = Ducker(server, 1.0, kept).recover()
        finally:
            server.close()
    except SoundServerError as error:
        raise DeviceMissing(f"there is no PulseAudio or PipeWire for this user: {error}") from error
    click.echo(f"{count} stream{' is' if count == 1 else 's are'} as loud as before")
