"""Lamps and pins follow the satellite's state: states, pictures, and the bytes sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite import events
from satellite.builtin.hooks.apa102 import LedStrip, frame
from satellite.builtin.hooks.gpio import GpioHook
from satellite.builtin.hooks.indicator import ERROR, STATES, Indicator, State
from satellite.builtin.hooks.leds import LedsHook
from satellite.builtin.hooks.patterns import OFF, moves, picture
from satellite.components import hooks, spec
from satellite.errors import ConfigError, DeviceMissing
from satellite.lib.bus import Bus


def test_the_state_follows_the_events() -> None:
    indicator = Indicator()
    now = monotonic()
    assert indicator.at(now) == "idle"
    indicator.take(events.Mute(muted=True))
    assert indicator.at(now) == "muted"
    indicator.take(events.Timer(id="1", state="finished", total=5))
    assert indicator.at(now) == "timer"
    indicator.take(events.Phase(phase="speaking"))
    assert indicator.at(now) == "speaking"
    indicator.take(events.TurnEnd(outcome="failed", stage="llm", error="x", mono=now))
    assert indicator.at(now) == "error"
    assert indicator.changes_at(now) == now + ERROR
    indicator.take(events.Phase(phase="idle"))
    indicator.take(events.Timer(id="1", state="dismissed", total=5))
    assert indicator.at(now + ERROR) == "muted"
    assert indicator.changes_at(now + ERROR) is None


@pytest.mark.parametrize("state", ["dismissed", "cancelled"])
def test_a_ringing_alarm_is_shown_until_it_is_silenced(
    state: Literal["dismissed", "cancelled"],
) -> None:
    indicator = Indicator()
    indicator.take(events.Alarm(id="a", state="finished", at="07:00"))
    indicator.take(events.Timer(id="t", state="finished", total=5))
    assert indicator.at(monotonic()) == "timer"
    indicator.take(events.Timer(id="t", state=state, total=5))
    assert indicator.at(monotonic()) == "timer"
    indicator.take(events.Alarm(id="a", state=state, at="07:00"))
    assert indicator.at(monotonic()) == "idle"


@pytest.mark.parametrize("state", ["started", "changed", "paused", "missed"])
def test_an_alarm_that_does_not_ring_is_not_shown(
    state: Literal["started", "changed", "paused", "missed"],
) -> None:
    indicator = Indicator()
    indicator.take(events.Alarm(id="a", state=state, at="07:00"))
    assert indicator.at(monotonic()) == "idle"


@given(st.sampled_from(STATES), st.floats(0, 1e6), st.integers(1, 60))
def test_every_picture_has_a_colour_for_each_lamp(state: State, seconds: float, count: int) -> None:
    colours = picture(state, seconds, count)
    assert len(colours) == count
    assert all(0 <= part <= 255 for colour in colours for part in colour)
    if not moves(state):
        assert colours == picture(state, 0, count)


def test_states_look_different() -> None:
    assert picture("idle", 0, 3) == [OFF] * 3
    still = [tuple(picture(state, 0.1, 12)) for state in STATES]
    assert len(set(still)) == len(STATES)
    dot = [picture("thinking", seconds, 12) for seconds in (0, 0.25, 0.5)]
    assert [max(range(12), key=lambda lamp: shown[lamp]) for shown in dot] == [0, 3, 6]


def test_a_frame_is_that_of_the_data_sheet() -> None:
    sent = frame([(1, 2, 3), (255, 0, 16)], 1.0)
    assert sent == b"\0\0\0\0" + b"\xff\x03\x02\x01" + b"\xff\x10\x00\xff" + bytes(5)
    assert frame([OFF], 0.0)[4] == 0xE0
    for count in (1, 12, 64, 300):
        lamps = 4 + 4 * count
        assert (len(frame([OFF] * count, 0.5)) - lamps - 4) * 8 >= count / 2


async def test_lamps_show_a_turn_and_are_off_at_the_end(tmp_path: Path) -> None:
    device = tmp_path / "spidev"
    device.touch()
    leds = LedsHook(LedsHook.Options(device=str(device), count=3, brightness=1.0))
    await leds.start()
    listening = frame(picture("listening", 0, 3), 1.0)

    async def until(wanted: bytes) -> None:
        async with asyncio.timeout(5):
            while wanted not in device.read_bytes():
                await asyncio.sleep(0.005)

    await until(frame([OFF] * 3, 1.0))
    await leds.handle(events.Phase(phase="listening"))
    await until(listening)
    assert hooks.Hooks({"leds": leds}).lamps is leds
    leds.dim(0.5)
    await until(frame(picture("listening", 0, 3), 0.5))
    assert leds.brightness == 0.5
    leds.dim(1.0)
    async with asyncio.timeout(5):
        while not device.read_bytes().endswith(listening):
            await asyncio.sleep(0.005)
    still = device.stat().st_size
    await asyncio.sleep(0.1)
    assert device.stat().st_size == still  # nothing moves, nothing is sent
    await leds.handle(events.Phase(phase="thinking"))
    async with asyncio.timeout(5):
        while device.stat().st_size < still + 3 * len(listening):
            await asyncio.sleep(0.005)
    await leds.close()
    await leds.close()
    assert device.read_bytes().endswith(frame([OFF] * 3, 0))


@pytest.mark.parametrize("path", ["/nonexistent/spidev0.0", "/"])
def test_missing_lamps_are_reported(path: str) -> None:
    with pytest.raises(DeviceMissing, match=path):
        LedStrip(path)


class RecordingPin:
    """A pin that notes its calls."""

    def __init__(self) -> None:
        self.done: list[bool | str] = []

    def set(self, on: bool) -> None:
        self.done.append(on)

    def close(self) -> None:
        self.done.append("closed")


async def test_a_pin_is_on_in_its_states() -> None:
    pin = RecordingPin()
    options = GpioHook.Options(line=17, when=("listening", "error"))
    hook = GpioHook(options, lambda options: pin)
    bus = Bus()
    story = (
        events.Phase(phase="listening"),
        events.Phase(phase="thinking"),
        events.TurnEnd(outcome="failed", stage="llm", error="x", mono=monotonic() - ERROR + 0.1),
        events.Phase(phase="idle"),
    )
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(hooks.run_hook("pin", hook, bus))
        await asyncio.sleep(0)
        for event in story:
            bus.publish(event)
        while pin.done != [False, True, False, True, True, False]:  # the error passes by itself
            await asyncio.sleep(0.01)
        bus.end()
    assert pin.done[-2:] == [False, "closed"]


async def test_a_missing_chip_is_reported() -> None:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite-voice[gpio]'")
    hook = GpioHook(GpioHook.Options(line=17, chip="/dev/gpiochip77"))
    with pytest.raises(DeviceMissing, match="the GPIO chip /dev/gpiochip77 does not exist"):
        await hook.start()
    await hook.close()


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"lisening is unknown .did you mean listening"):
        spec.create("hook", "gpio:17?when=lisening")
