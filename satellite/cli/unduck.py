"""`satellite unduck`: restores the volume of programs that a crash has left quiet."""

from __future__ import annotations

from satellite.audio.ducking.ducker import Ducker, ducked_store
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServerError
from satellite.cli import command, flags
from satellite.cli.screen import count, echo
from satellite.errors import DeviceMissing


@command.command()
@flags.common
def unduck() -> None:
    """Restore the volume of other programs after a crash.

    A satellite does this itself when it starts. Use the command where none is started again, as in
    systemd's ExecStopPost=. While a satellite runs, it restores the volume that other programs have
    between two turns.
    """
    lowered = ducked_store()
    if not lowered.read():  # no sound server is needed, so that none can be missing
        echo("no program was left quiet")
        return
    try:
        server = PulseServer()
        try:
            restored = Ducker(server, 1.0, lowered).recover()
        finally:
            server.close()
    except SoundServerError as error:
        raise DeviceMissing(f"no PulseAudio or PipeWire for this user: {error}") from error
    echo(f"{count(restored, 'stream has', 'streams have')} the volume of before")
