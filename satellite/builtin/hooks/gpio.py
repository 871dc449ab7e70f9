"""A GPIO line as a hook that switches a lamp, a relay or an amplifier."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Protocol

from satellite.builtin.hooks import gpio_lines
from satellite.builtin.hooks.indicator import STATES, Indicator
from satellite.events import Event
from satellite.lib.platform.system import OnLinux
from satellite.options import OptionSet, option, unknown_name
from satellite.requirements import Package, Requirement


class Pin(Protocol):
    """An output."""

    def set(self, on: bool) -> None: ...

    def close(self) -> None: ...


class GpioHook:
    """Switches a pin on in certain states of the satellite."""

    class Options(OptionSet, frozen=True):
        """Options of the hook."""

        line: Annotated[int, option("Number of the GPIO line, as 17 for GPIO17", minimum=0)]
        when: Annotated[
            tuple[str, ...],
            option(
                "States in which it is on: idle, listening, thinking, speaking, muted, error, timer"
            ),
        ] = ("listening",)
        chip: Annotated[str, option("GPIO chip")] = "/dev/gpiochip0"
        active_low: Annotated[bool, option("Drive the pin low when it is on")] = False

    argument: ClassVar[str] = "line"
    requires: ClassVar[tuple[Requirement, ...]] = (
        OnLinux("GPIO", "use the hook command", Package("gpiod", extra="gpio")),
    )

    @staticmethod
    def problems(options: Options) -> Iterator[str]:
        """Yield what is wrong with the options, beyond their types and ranges."""
        for name in options.when:
            if name not in STATES:
                yield f"when: {unknown_name(name, dict.fromkeys(STATES))}"

    def __init__(self, options: Options, open_pin: Callable[[Options], Pin] | None = None) -> None:
        self._options = options
        self._open_pin = open_pin or _GpioPin
        self._pin: Pin | None = None
        self._indicator = Indicator()
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Request the line. Raises `DeviceMissing`."""
        self._pin = self._open_pin(self._options)
        self._update()

    async def handle(self, event: Event) -> None:
        """Switch the pin where the event changes the state."""
        self._indicator.take(event)
        self._update()

    async def close(self) -> None:
        """Switch the pin off and release the line. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
        pin, self._pin = self._pin, None
        if pin is not None:
            pin.set(False)
            pin.close()

    def _update(self) -> None:
        now = time.monotonic()
        if self._pin is not None:
            self._pin.set(self._indicator.at(now) in self._options.when)
        if self._timer is not None:
            self._timer.cancel()
        change = self._indicator.changes_at(now)
        if change is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(change - now, self._update)


class _GpioPin:
    """A line of the kernel's GPIO character device. Setting it takes microseconds."""

    def __init__(self, options: GpioHook.Options) -> None:
        import gpiod
        from gpiod.line import Direction, Value

        self._line = options.line
        self._values = {False: Value.INACTIVE, True: Value.ACTIVE}
        settings = gpiod.LineSettings(
            direction=Direction.OUTPUT, active_low=options.active_low, output_value=Value.INACTIVE
        )
        self._request: Any = gpio_lines.request(options.chip, options.line, settings)

    def set(self, on: bool) -> None:
        """Switch the pin on or off."""
        self._request.set_value(self._line, self._values[on])

    def close(self) -> None:
        """Release the line."""
        self._request.release()
