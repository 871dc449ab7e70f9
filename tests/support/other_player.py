"""Another program that plays on the tests' PulseAudio, and its volume there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import ServerStream

_WAIT = 10.0
"""Seconds allowed on a busy machine for steps of milliseconds."""


class Mixer:
    """A user's volume control of the sound server."""

    def __init__(self) -> None:
        self._server = PulseServer()

    def streams(self) -> dict[str, ServerStream]:
        """Return the current streams by the name of their program."""
        return {stream.program: stream for stream in self._server.streams()}

    def volume(self, program: str) -> float | None:
        """Return the volume of a program's stream, 1 being unchanged; None without a stream."""
        stream = self.streams().get(program)
        return stream and round(stream.volume[0] / 65536, 2)

    def set(self, program: str, volume: float) -> None:
        """Set a program's volume."""
        stream = self.streams()[program]
        level = round(volume * 65536)
        self._server.set_volume(stream.id, (level,) * len(stream.volume))

    def wait(self, program: str, volume: float | None) -> None:
        """Wait until a program has this volume."""
        deadline = time.monotonic() + _WAIT
        while self.volume(program) != volume:
            if time.monotonic() > deadline:
                pytest.fail(f"{program} is at {self.volume(program)}, not at {volume}")
            time.sleep(0.01)

    def close(self) -> None:
        self._server.close()


@contextmanager
def mixer() -> Iterator[Mixer]:
    """Open a volume control for the block."""
    control = Mixer()
    try:
        yield control
    finally:
        control.close()


@contextmanager
def playing(program: str, *, volume: int | None = None) -> Iterator[Callable[[], None]]:
    """Play silence as a program of this name during the block, or until the yielded function
    is called; at the server's default volume, or at `volume` of 65536."""
    command = ["pacat", "--raw", "--format=s16le", "--channels=2", "--rate=16000"]
    command += ["--latency-msec=50", f"--client-name={program}"]
    if volume is not None:
        command.append(f"--volume={volume}")
    # the shell ends, so that the player is no child of the tests
    started = subprocess.run(
        ["sh", "-c", '"$@" </dev/zero >/dev/null 2>&1 & echo $!', "sh", *command],
        capture_output=True,
        check=True,
    )
    process = int(started.stdout)

    def end() -> None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    try:
        with mixer() as control:
            deadline = time.monotonic() + _WAIT
            while control.volume(program) is None:
                if time.monotonic() > deadline:
                    pytest.fail(f"{program} does not play")
                time.sleep(0.01)
        yield end
    finally:
        end()
