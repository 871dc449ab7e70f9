"""Ducking of other programs on a real sound server, as their volume sliders show it."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from satellite import events
from satellite.audio.ducking.service import ducking
from satellite.audio.playback import Playback
from satellite.components import spec
from satellite.lib.bus import Bus
from satellite.lib.paths import state_folder
from satellite.settings import DuckingSettings
from satellite.values import SPEECH, AudioChunk
from tests.support.other_player import Mixer, mixer, playing
from tests.support.pulse import PulseServer
from tests.support.sound import tone

QUICK = DuckingSettings(level=0.4, fade=0.05)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the store."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path / "ducked.json"


@pytest.fixture
def sliders(pulse: PulseServer) -> Iterator[Mixer]:
    with mixer() as control:
        yield control


class Turns:
    """Publishes a satellite's phases."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def listen(self) -> None:
        self._bus.publish(events.Phase(phase="listening"))

    def rest(self) -> None:
        self._bus.publish(events.Phase(phase="idle"))


@asynccontextmanager
async def satellite(settings: DuckingSettings = QUICK) -> AsyncGenerator[Turns, None]:
    bus = Bus()
    async with asyncio.timeout(30), ducking(settings, bus):
        yield Turns(bus)


async def seen(sliders: Mixer, program: str, volume: float | None) -> None:
    await asyncio.to_thread(sliders.wait, program, volume)


async def test_music_is_ducked_while_listening_and_speaking(sliders: Mixer) -> None:
    with playing("music"), playing("radio", volume=32768):
        quiet = sliders.volume("radio")
        assert quiet is not None
        async with satellite() as turns:
            turns.listen()
            await seen(sliders, "music", 0.4)
            await seen(sliders, "radio", round(quiet * 0.4, 2))
            turns.rest()
            await seen(sliders, "music", 1.0)
            await seen(sliders, "radio", quiet)


async def test_a_stream_that_begins_meanwhile_is_ducked(sliders: Mixer) -> None:
    async with satellite() as turns:
        turns.listen()
        with playing("music"):
            await seen(sliders, "music", 0.4)
            turns.rest()
            await seen(sliders, "music", 1.0)


async def test_a_volume_set_meanwhile_is_not_undone(sliders: Mixer) -> None:
    with playing("music"), playing("radio"):
        async with satellite() as turns:
            turns.listen()
            await seen(sliders, "music", 0.4)
            sliders.set("music", 0.7)
            turns.rest()
            await seen(sliders, "radio", 1.0)
            assert sliders.volume("music") == 0.7
            turns.listen()
            await seen(sliders, "music", 0.28)
            turns.rest()
            await seen(sliders, "music", 0.7)


async def test_a_volume_set_while_fading_stays(sliders: Mixer) -> None:
    with playing("music"), playing("radio"):
        async with satellite(DuckingSettings(level=0.4, fade=1.0)) as turns:
            turns.listen()
            while sliders.volume("music") == 1.0:
                await asyncio.sleep(0.01)
            sliders.set("music", 0.5)
            await seen(sliders, "radio", 0.4)
            turns.rest()
            await seen(sliders, "radio", 1.0)
            assert sliders.volume("music") == 0.5


async def test_volumes_are_restored_when_the_satellite_ends_or_fails(sliders: Mixer) -> None:
    with playing("music"):
        with suppress(ExceptionGroup):
            async with satellite() as turns:
                turns.listen()
                await seen(sliders, "music", 0.4)
                raise RuntimeError("the satellite's own error")
        assert sliders.volume("music") == 1.0


async def test_volumes_lowered_before_a_crash_are_restored_at_the_next_start(
    sliders: Mixer, state: Path
) -> None:
    with playing("music"), playing("radio"):
        async with satellite() as turns:
            turns.listen()
            await seen(sliders, "music", 0.4)
            await seen(sliders, "radio", 0.4)
            written = state.read_bytes()
        sliders.set("music", 0.4)  # as if it had not been restored
        sliders.set("radio", 0.6)  # and this one was set by a person
        state.write_bytes(written)
        async with satellite():
            await seen(sliders, "music", 1.0)
            assert sliders.volume("radio") == 0.6
        assert state.read_bytes() == b"[]"


async def test_our_own_sound_is_never_ducked(sliders: Mixer) -> None:
    command = "command:pacat --raw --format=s16le --channels=1 --rate=22050 --client-name=ours"
    for component, program in ((command, "ours"), ("alsa:pulse", "ALSA plug-in [aplay]")):
        playback = Playback(spec.create("speaker", component), lambda event: None)
        await playback.open()
        async with asyncio.TaskGroup() as tasks:
            chunk = AudioChunk(audio=tone(400, 5), format=SPEECH)
            tasks.create_task(playback.play_clip(chunk))
            with playing("music"):
                async with satellite() as turns:
                    while sliders.volume(program) is None:
                        await asyncio.sleep(0.01)
                    turns.listen()
                    await seen(sliders, "music", 0.4)
                    assert sliders.volume(program) == 1.0
            await playback.stop()
        await playback.close()


async def test_programs_can_be_spared(sliders: Mixer) -> None:
    with playing("baby phone"), playing("music"):
        async with satellite(DuckingSettings(level=0.4, fade=0, spared=("Baby Phone",))) as turns:
            turns.listen()
            await seen(sliders, "music", 0.4)
            assert sliders.volume("baby phone") == 1.0


async def test_a_player_between_two_songs_is_restored(pulse: PulseServer, sliders: Mixer) -> None:
    """The server remembers a program's volume for its next stream, and so the ducked one."""
    load = ["pactl", "load-module", "module-stream-restore", "restore_device=false"]
    await asyncio.to_thread(subprocess.run, load, check=True, capture_output=True)
    async with satellite() as turns:
        with playing("music") as end_song:
            sliders.set("music", 0.8)
            turns.listen()
            await seen(sliders, "music", 0.32)
            end_song()
            await seen(sliders, "music", None)
        with playing("music") as end_song:  # the next song, while we are still talking
            await asyncio.sleep(0.2)
            assert sliders.volume("music") == 0.32
            end_song()
            await seen(sliders, "music", None)
        turns.rest()
        while sliders.streams() or await asyncio.to_thread(Path.read_bytes, store_file()) != b"[]":
            await asyncio.sleep(0.01)
        with playing("music"):  # and one when we have finished
            assert sliders.volume("music") == 0.8


def store_file() -> Path:
    return state_folder() / "ducked.json"


async def test_a_missing_sound_server_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/missing")
    with caplog.at_level(logging.INFO, "satellite.audio.ducking"):
        async with satellite() as turns:
            for _ in range(3):
                turns.listen()
                await asyncio.sleep(0.02)
                turns.rest()
                await asyncio.sleep(0.02)
    assert len(caplog.records) == 1
    assert "no PulseAudio" in caplog.text


async def test_a_restarted_server_is_found_again(
    pulse: PulseServer, caplog: pytest.LogCaptureFixture
) -> None:
    with playing("music"), mixer() as sliders:
        async with satellite() as turns:
            turns.listen()
            await seen(sliders, "music", 0.4)
            await asyncio.to_thread(pulse.kill)
            turns.rest()
            await asyncio.to_thread(pulse.start)
            with playing("next"), mixer() as sliders:
                turns.listen()
                await seen(sliders, "next", 0.4)
                turns.rest()
                await seen(sliders, "next", 1.0)
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]
