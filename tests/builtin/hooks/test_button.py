"""A button: what a press does and what holding does, and what the kernel is asked for."""

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

    def tell(self, edges: str) -> None:
        os.write(self.far_end, edges.encode())


class Notes:
    """A desk that writes down what is done at it."""

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
async def pressed(notes: Notes, **options: Any) -> AsyncIterator[Pipe]:
    """A button that operates something, to be pressed in this block."""
    line = Pipe()
    hook = ButtonHook(Options(line=17, **options), lambda _: line)
    await hook.start()
    hook.operate(notes)
    try:
        yield line
    finally:
        await hook.close()
        await hook.close()
        os.close(line.far_end)
        assert line.closed == 1


@pytest.mark.parametrize(
    ("notes", "deed"),
    [
        (Notes(), "wake"),
        (Notes("speaking"), "stop"),
        (Notes(ringing=True), "stop"),
        (Notes("listening"), "wake"),
    ],
)
async def test_a_press_begins_or_ends(notes: Notes, deed: str) -> None:
    async with pressed(notes) as line:
        line.tell("1")
        await asyncio.sleep(0.01)
        assert notes.done.empty()  # it may become a long one
        line.tell("0")
        assert await notes.next() == deed


async def test_holding_mutes_and_letting_go_then_does_nothing_more() -> None:
    async with pressed(notes := Notes(), long=0.2) as line:
        line.tell("1")
        assert await notes.next() == "mute None"
        line.tell("0")
        line.tell("10")
        assert await notes.next() == "wake"


async def test_where_holding_does_nothing_a_press_is_quicker() -> None:
    async with pressed(notes := Notes(), press="mute", hold="nothing") as line:
        line.tell("1")
        assert await notes.next() == "mute None"
        line.tell("010")
        assert await notes.next() == "mute None"
        assert notes.done.empty()


async def test_what_cannot_be_done_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with pressed(notes := Notes(free=False)) as line:
        line.tell("10")
        assert await notes.next() == "wake"
        await asyncio.sleep(0)
        assert "nobody may be listened to" in caplog.text


async def test_a_button_that_goes_away_is_left(caplog: pytest.LogCaptureFixture) -> None:
    line = Pipe()
    hook = ButtonHook(Options(line=17), lambda _: line)
    await hook.start()
    os.close(line.far_end)
    async with asyncio.timeout(5):
        while "pulled out" not in caplog.text:
            await asyncio.sleep(0.001)
    await hook.close()


async def test_hooks_that_operate_are_given_the_desk(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def operate(self, desk: object) -> None:
            raise ZeroDivisionError("a hook's mistake")

    given = ButtonHook(Options(line=17), lambda _: Pipe())
    every = {"lamp": object(), "broken": Broken(), "button": given}
    hooks.Hooks(every).operate(notes := Notes())  # type: ignore[arg-type]
    given._do("stop")  # noqa: SLF001  as a press does
    assert await notes.next() == "stop"
    assert "hook broken operates nothing: ZeroDivisionError" in caplog.text
    async with hooks.hooked((), Bus()) as none:
        none.operate(notes)


async def test_a_chip_that_is_not_there_is_told() -> None:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite[gpio]'")
    hook = ButtonHook(Options(line=17, chip="/dev/gpiochip77"))
    with pytest.raises(DeviceMissing, match="no GPIO chip /dev/gpiochip77"):
        await hook.start()
    await hook.close()


def test_a_deed_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="press"):
        spec.create("hook", "button:17?press=dance")


@pytest.mark.parametrize("active_low", [True, False])
def test_the_kernel_pulls_the_line_away_from_pressed(active_low: bool) -> None:
    pytest.importorskip("gpiod", reason="Python package gpiod: pip install 'satellite[gpio]'")
    from gpiod.line import Bias, Direction, Edge

    asked = button.settings(Options(line=17, active_low=active_low))
    assert (asked.direction, asked.edge_detection) == (Direction.INPUT, Edge.BOTH)
    assert asked.bias is (Bias.PULL_UP if active_low else Bias.PULL_DOWN)
    assert asked.active_low is active_low
    assert asked.debounce_period.total_seconds() == button.DEBOUNCE


async def test_a_button_of_the_kernel_s_own_simulator(chip: Chip) -> None:
    hook = ButtonHook(Options(line=3, chip=str(chip.device)))
    await hook.start()
    hook.operate(notes := Notes())
    try:
        chip.pull(3, down=True)
        await asyncio.sleep(10 * button.DEBOUNCE)
        chip.pull(3, down=False)
        assert await notes.next() == "wake"
    finally:
        await hook.close()
    assert Path(chip.device).exists()
