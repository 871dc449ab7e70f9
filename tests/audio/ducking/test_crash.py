"""The whole satellite beside music, killed in a turn; and a sound server that hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from satellite import events
from satellite.audio.ducking.service import ducking
from satellite.lib.bus import Bus
from satellite.settings import DuckingSettings
from tests.support import requests
from tests.support.other_player import mixer, playing
from tests.support.program import Program, satellite
from tests.support.pulse import PulseServer


def state(folder: Path) -> dict[str, str]:
    return {"STATE_DIRECTORY": str(folder / "state")}


def arguments(folder: Path) -> list[str]:
    request = requests.spoken_request(folder / "in.wav", "what time is it", pause=6)
    out = f"wav:{folder / 'out.wav'}"
    return ["--mic", f"wav:{request}", "--speaker", out, "--no-zeroconf", "--listen", ""]


def until_listening(program: Program) -> None:
    def listening() -> bool:
        return any(event["phase"] == "listening" for event in program.events("phase"))

    program.wait_until(listening, "turn")


def test_the_volume_is_restored_after_the_satellite_was_killed(
    tmp_path: Path, pulse: PulseServer
) -> None:
    with playing("music"), mixer() as sliders:
        with satellite(tmp_path, *arguments(tmp_path), environment=state(tmp_path)) as program:
            until_listening(program)
            sliders.wait("music", 0.45)
            program.stop(signal.SIGKILL)
        assert sliders.volume("music") == 0.45
        with satellite(tmp_path, *arguments(tmp_path), environment=state(tmp_path)) as program:
            sliders.wait("music", 1.0)
            program.wait_for("ready")
        assert "restored the volume of 1 streams" in program.errors()


def test_unduck_restores_volumes_without_a_satellite(tmp_path: Path, pulse: PulseServer) -> None:
    with playing("music"), mixer() as sliders:
        with satellite(tmp_path, *arguments(tmp_path), environment=state(tmp_path)) as program:
            until_listening(program)
            sliders.wait("music", 0.45)
            program.stop(signal.SIGKILL)
        command = [sys.executable, "-m", "satellite", "unduck"]
        environment = {**os.environ, **state(tmp_path)}
        for output in ("1 stream has the volume of before", "no program was left quiet"):
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert (done.returncode, done.stdout) == (0, f"{output}\n")
            assert sliders.volume("music") == 1.0


async def test_a_hung_sound_server_delays_neither_a_turn_nor_the_end(
    pulse: PulseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    bus = Bus()
    with playing("music"), mixer() as sliders:
        async with ducking(DuckingSettings(fade=0), bus):
            bus.publish(events.Phase(phase="listening"))
            await asyncio.to_thread(sliders.wait, "music", 0.45)
            pulse.halt()
            bus.publish(events.Phase(phase="speaking"))
            began = latest = monotonic()
            longest = 0.0
            while latest - began < 0.5:
                await asyncio.sleep(0)
                longest, latest = max(longest, monotonic() - latest), monotonic()
            assert longest < 0.2  # the event loop was never blocked
            began = monotonic()
        assert monotonic() - began < 5  # nor the end
        pulse.resume()
        async with ducking(DuckingSettings(fade=0), Bus()):
            await asyncio.to_thread(sliders.wait, "music", 1.0)
