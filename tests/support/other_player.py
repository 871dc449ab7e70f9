"""Another program that plays on the tests' PulseAudio, and how loud it is there."""

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
"""Seconds that a busy machine may take for what takes milliseconds."""


class Mixer:
    """What a person sees and does in the sound server's volume control."""

    def __init__(self) -> None:
        self._server = PulseServer()

    def streams(self) -> dict[str, ServerStream]:
        """What is played now, by the name of its program."""
        return {stream.program: stream for stream in self._server.streams()}

    def volume(self, program: str) -> float | None:
        """Volume of what a program plays, 1 as it came; None while it plays nothing."""
        stream = self.streams().get(program)
        return stream and round(stream.volume[0] / 65536, 2)

    def set(self, program: str, volume: float) -> None:
        """Move a program's slider."""
        stream = self.streams()[program]
        level = round(volume * 65536)
        self._server.set_volume(stream.id, (level,) * len(stream.volume))

    def wait(self, program: str, volume: float | None) -> None:
        """Wait until a program is that loud."""
        deadline = time.monotonic() + _WAIT
        while self.volume(program) != volume:
            if time.monotonic() > deadline:
                pytest.fail(f"{program} is at {self.volume(program)}, not at {volume}")
            time.sleep(0.01)

    def close(self) -> None:
        self._server.close()


@contextmanager
def mixer() -> Iterator[Mixer]:
    """A volume control inside the block."""
    control = Mixer()
    try:
        yield control
    finally:
        control.close()


@contextmanager
def playing(program: str, *, volume: int | None = None) -> Iterator[Callable[[], None]]:
    """A program of that name plays silence inside the block, or until the given function is
    called; as loud as the server likes, or with a `volume` of 65536."""
    command = ["pacat", "--raw", "--format=s16le", "--channels=2", "--rate=16000"]
    command += ["--latency-msec=50", f"--client-name={program}"]
    if volume is not None:
        command.append(f"--volume={volume}")
    # the shell ends, so that what plays is a stranger's and no child of the tests
    told = subprocess.run(
        ["sh", "-c", '"$@" </dev/zero >/dev/null 2>&1 & echo $!', "sh", *command],
        capture_output=True,
        check=True,
    )
    process = int(told.stdout)

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
