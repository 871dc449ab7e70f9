"""Mute releases the real device: other programs may use it, and none of ours records."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from satellite.audio.capture import Capture
from satellite.components import spec
from satellite.events import Event
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute
from satellite.values import SPEECH
from tests.builtin.audio.test_pulse import MICS, require_portaudio
from tests.support.pulse import PulseServer

__all__ = ["require_portaudio"]

RECORD = "import sys,time\nopen(sys.argv[1],'a').write(f'{__import__(\"os\").getpid()}\\n')\n"
RECORD += "while True:\n sys.stdout.buffer.write(bytes(1024)); sys.stdout.flush(); time.sleep(.032)"


class MutableMicrophone:
    """A microphone that can be muted."""

    def __init__(self, component: str) -> None:
        events: list[Event] = []
        self.mute = Mute(events.append)
        mic = spec.create("mic", component)
        self.microphone = Microphone(Capture(mic, events.append), self.mute, events.append)

    async def take(self, frames: AsyncGenerator[bytes, None], seconds: float) -> None:
        """Read so many seconds of sound."""
        left = seconds
        async with asyncio.timeout(20):
            while left > 0:
                left -= SPEECH.seconds(await anext(frames))


def _renew_list() -> None:
    """PortAudio lists devices once in a process, perhaps before this sound server ran."""
    sounddevice = pytest.importorskip("sounddevice")
    sounddevice._terminate()  # noqa: SLF001  there is no public way
    sounddevice._initialize()  # noqa: SLF001


@pytest.mark.parametrize("component", MICS)
async def test_pulse_has_no_recording_stream_while_it_is_muted(
    component: str, pulse: PulseServer
) -> None:
    if component == "portaudio":
        _renew_list()
    muted = MutableMicrophone(component)
    await muted.microphone.open()
    async with aclosing(muted.microphone.frames()) as frames:
        await muted.take(frames, 0.2)
        assert pulse.recordings() == 1
        muted.mute.set(True)
        await muted.take(frames, 0.3)
        assert pulse.recordings() == 0
        muted.mute.set(False)
        await muted.take(frames, 0.5)
        assert pulse.recordings() == 1
    assert pulse.recordings() == 0


async def test_the_recording_program_is_ended(tmp_path: Path) -> None:
    script, pids = tmp_path / "record.py", tmp_path / "pids"
    script.write_text(RECORD)
    muted = MutableMicrophone(f"command:python3 {script} {pids}")
    await muted.microphone.open()
    async with aclosing(muted.microphone.frames()) as frames:
        await muted.take(frames, 0.1)
        (first,) = pids.read_text().split()
        os.kill(int(first), 0)
        muted.mute.set(True)
        await muted.take(frames, 0.2)
        with pytest.raises(ProcessLookupError):
            os.kill(int(first), 0)
        assert pids.read_text().split() == [first]
        muted.mute.set(False)
        await muted.take(frames, 0.5)
        assert len(pids.read_text().split()) == 2
