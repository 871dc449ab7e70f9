"""A button: the actions of a press and of holding, and the request to the kernel."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.builtin.hooks import button
from satellite.builtin.hooks.button import ButtonHook
from satellite.components import hooks, spec
from satellite.errors import ConfigError, DeviceLost, DeviceMissing
from satellite.lib.bus import Bus
from tests.support.gpio_sim import Chip, chip

__all__ = ["chip"]

Options = ButtonHook.Options


class Pipe:
    """A line whose edges come through a pipe, as the kernel's come through a file."""

    def __init__(self) -> None:
        self._end, self.far_end = os.pipe()
        self.closed = 0

    def fileno(self) -> int:
        return self._end

    def edges(self) -> list[bool]:
        found = os.read(self._end, 100)
        if not found:
            raise DeviceLost("it was pulled out")
        return [edge == ord("1") for edge in found]

    def close(self) -> None:
        self.closed += 1
        os.close(self._end)

    def send(self, edges: str) -> None:
        os.write(self.far_end, edges.encode())


class RecordingControls:
    """Controls of a satellite that note their calls."""

    def __init__(self, phase: str = "idle", ringing: bool = False, free: bool = True) -> None:
        self.done: asyncio.Queue[str] = asyncio.Queue()
        self._state = {"phase": phase, "ringing": ringing}
        self._free = free

    def state(self) -> dict[str, Any]:
        return self._state

    def wake(self) -> bool:
        self.done.put_nowait("wake")
        return self._free

    def stop(self) -> None:
        self.done.put_nowait("stop")

    def mute(self, muted: bool | None) -> bool:
        self.done.put_nowait(f"mute {muted}")
        return True

    def volume(self, level: object) -> None:
        raise AssertionError(level)

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return await self.done.get()


@asynccontextmanager
async def pressed(controls: RecordingControls, **options: Any) -> AsyncIterator[Pipe]:
    """Make a button that operates controls, to be pressed in this block."""
    line = Pipe()
    hook = ButtonHook(Options(line=17, **options), lambda _: line)
    await hook.start()
    hook.operate(controls)
    try:
        yield line
    finally:
        await hook.close()
        await hook.close()
        os.close(line.far_end)
        assert line.closed == 1


@pytest.mark.parametrize(
    ("controls", "action"),
    [
        (RecordingControls(), "wake"),
        (RecordingControls("speaking"), "stop"),
        (RecordingControls(ringing=True), "stop"),
        (RecordingControls("listening"), "wake"),
    ],
)
async def test_a_press_starts_a_turn_or_stops_a_reply(
    controls: RecordingControls, action: str
) -> None:
    async with pressed(controls) as line:
        line.send("1")
        await asyncio.sleep(0.01)
        assert controls.done.empty()  # it may become a long one
        line.send("0")
        assert await controls.next() == action


async def test_holding_mutes_and_the_release_after_it_is_ignored() -> None:
    async with pressed(controls := RecordingControls(), long=0.2) as line:
        line.send("1")
        assert await controls.next() == "mute None"
        line.send("0")
        line.send("10")
        assert await controls.next() == "wake"


async def test_without_an_action_of_holding_a_press_acts_at_once() -> None:
    async with pressed(controls := RecordingControls(), press="mute", hold="nothing") as line:
        line.send("1")
        assert await controls.next() == "mute None"
        line.send("010")
        assert await controls.next() == "mute None"
        assert controls.done.empty()


async def test_an_impossible_action_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with pressed(controls := RecordingControls(free=False)) as line:
        line.send("10")
        assert await controls.next() == "wake"
        await asyncio.sleep(0)
        assert "button ignored" in caplog.text


async def test_a_button_that_is_unplugged_is_no_longer_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Pipe()
    hook = ButtonHook(Options(line=17), lambda _: line)
    await hook.start()
    os.close(line.far_end)
    async with asyncio.timeout(5):
        while "pulled out" not in caplog.text:
            await asyncio.sleep(0.001)
    await hook.close()


async def test_hooks_that_operate_get_the_controls(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def operate(self, controls: object) -> None:
            raise ZeroDivisionError("a hook's mistake")

        report = operate

    made = ButtonHook(Options(line=17), lambda _: Pipe())
    every = {"lamp": object(), "broken": Broken(), "button": made}
    all_hooks = hooks.Hooks(every)  # type: ignore[arg-type]
    all_hooks.operate(controls := RecordingControls())
    presses: list[str] = []
    assert all_hooks.report(presses.append)
    made._do("hold")  # noqa: SLF001  as holding the button does
    assert await controls.next() == "mute None"
    assert presses == ["hold"]
    assert "hook broken cannot operate the satellite: ZeroDivisionError" in caplog.text
    async with hooks.hooked((), Bus()) as none:
        none.operate(controls)
        assert not none.report(presses.append)
        assert none.lamps is None


async def test_a_missing_chip_is_reported() -> None:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite-voice[gpio]'")
    hook = ButtonHook(Options(line=17, chip="/dev/gpiochip77"))
    with pytest.raises(DeviceMissing, match="the GPIO chip /dev/gpiochip77 does not exist"):
        await hook.start()
    await hook.close()


def test_an_unknown_action_is_an_error() -> None:
    with pytest.raises(ConfigError, match="press"):
        spec.create("hook", "button:17?press=dance")


@pytest.mark.parametrize("active_low", [True, False])
def test_the_line_is_pulled_to_its_released_level(active_low: bool) -> None:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite-voice[gpio]'")
    from gpiod.line import Bias, Direction, Edge

    request = button.line_settings(Options(line=17, active_low=active_low))
    assert (request.direction, request.edge_detection) == (Direction.INPUT, Edge.BOTH)
    assert request.bias is (Bias.PULL_UP if active_low else Bias.PULL_DOWN)
    assert request.active_low is active_low
    assert request.debounce_period.total_seconds() == button.DEBOUNCE


async def test_a_button_of_the_kernels_own_simulator(chip: Chip) -> None:
    hook = ButtonHook(Options(line=3, chip=str(chip.device)))
    await hook.start()
    hook.operate(controls := RecordingControls())
    try:
        chip.pull(3, down=True)
        await asyncio.sleep(10 * button.DEBOUNCE)
        chip.pull(3, down=False)
        assert await controls.next() == "wake"
    finally:
        await hook.close()
    assert Path(chip.device).exists()
