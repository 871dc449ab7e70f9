"""`satellite unduck`: other programs as loud as they were, where a crash has left them quiet."""

from __future__ import annotations

import click

from satellite.audio.ducking.ducker import Ducker, ducked_store
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServerError
from satellite.cli import command, flags
from satellite.errors import DeviceMissing


@command.command()
@flags.common
def unduck() -> None:
    """Restore the volume of other programs after a crash.

    A satellite does this itself when it starts. Use the command where none is started again, as in
    systemd's ExecStopPost=. While a satellite runs, it restores the volume that other programs have
    between two turns.
    """
    store = ducked_store()
    if not store.read():  # then no sound server is needed
        click.echo("no other program was left quiet")
        return
    try:
        server = PulseServer()
        try:
            count = Ducker(server, 1.0, store).recover()
        finally:
            server.close()
    except SoundServerError as error:
        raise DeviceMissing(f"there is no PulseAudio or PipeWire for this user: {error}") from error
    click.echo(f"{count} stream{' is' if count == 1 else 's are'} as loud as before")
