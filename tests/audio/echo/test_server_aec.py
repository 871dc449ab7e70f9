"""Where a real PulseAudio cancels echoes, nothing else does."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from contextlib import aclosing

import pytest

from satellite.audio.capture import Capture
from satellite.audio.echo.frontend import FrontEnd
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.server_aec import cancelling_source
from satellite.builtin.audio.alsa import AlsaMic
from satellite.settings import SoundSettings
from satellite.values import SPEECH
from tests.support.acoustics import pcm, room_noise
from tests.support.pulse import MICROPHONE, SPEAKER, PulseServer


def load_canceller(name: str) -> None:
    """Have the default source be an echo-cancelling one."""
    module = ("module-echo-cancel", f"source_master={MICROPHONE}", f"sink_master={SPEAKER}")
    command = ["pactl", "load-module", *module, f"source_name={name}", "aec_method=null"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    if done.returncode:
        pytest.skip(f"this PulseAudio has no module-echo-cancel: {done.stderr.strip()}")
    subprocess.run(["pactl", "set-default-source", name], check=True, timeout=10)


@pytest.mark.parametrize("name", ["echo_cancelled", "kitchen"])
async def test_the_sound_servers_canceller_replaces_ours(
    pulse: PulseServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    load_canceller(name)
    caplog.set_level(logging.INFO)
    reference = PlaybackReference()
    capture = Capture(AlsaMic(AlsaMic.Options()), lambda event: None)
    front = FrontEnd(capture, reference, SoundSettings())
    await capture.open()
    await front.settle()
    assert f"the sound server cancels the echo ({name})" in caplog.text
    reference.played(pcm(room_noise(1.0, -30)), SPEECH)
    async with aclosing(front.frames()) as frames:
        first = await anext(frames)  # ours would hold back what is less than a block of its own
    assert 2 * reference.now == len(first)


async def test_a_canceller_that_is_not_recorded_does_not_count(
    pulse: PulseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_canceller("echo_cancelled")
    monkeypatch.setenv("PULSE_SOURCE", MICROPHONE)
    capture = Capture(AlsaMic(AlsaMic.Options()), lambda event: None)
    await capture.open()
    try:
        assert await cancelling_source() is None
    finally:
        await capture.close()


async def test_where_there_is_no_sound_server_ours_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    async with asyncio.timeout(5):
        assert await cancelling_source() is None


def test_the_front_end_is_light_without_a_sound_server() -> None:
    code = "import sys, satellite.audio.echo.frontend; sys.exit('pulsectl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
