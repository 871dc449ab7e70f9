"""A button on a GPIO line as a hook: to be listened to without a wake word, or to mute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Protocol

from satellite.builtin.hooks import gpio_lines
from satellite.errors import DeviceLost
from satellite.events import Event
from satellite.options import OptionSet, option
from satellite.ports import SatelliteControls
from satellite.requirements import Package, Requirement

_LOGGER = logging.getLogger(__name__)

DEBOUNCE = 0.02
"""Seconds for which a contact must be still to count: a push button bounces for under 10 ms."""

Deed = Literal["talk", "mute", "stop", "nothing"]


class Line(Protocol):
    """An input with a button."""

    def fileno(self) -> int:
        """What can be waited for: readable when something was pressed or let go."""

    def edges(self) -> list[bool]:
        """What happened since: True for each time it was pressed, False for each it was let go."""

    def close(self) -> None: ...


class ButtonHook:
    """Does something when a button is pressed, and something else when it is held.

    `talk` listens as after the wake word, or ends what is said or rung; `mute` closes the
    microphone, or opens it again.
    """

    class Options(OptionSet, frozen=True):
        """What it can be told."""

        line: Annotated[int, option("Number of the line, as 17 for GPIO17", minimum=0)]
        press: Annotated[Deed, option("What a press does")] = "talk"
        hold: Annotated[Deed, option("What holding it does")] = "mute"
        long: Annotated[
            float, option("How long it is held for that", unit="s", minimum=0.2, maximum=10)
        ] = 0.8
        chip: Annotated[str, option("GPIO chip")] = "/dev/gpiochip0"
        active_low: Annotated[
            bool, option("Pressed, it joins the line to ground; else to the supply")
        ] = True

    argument: ClassVar[str] = "line"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("gpiod", extra="gpio"),)

    def __init__(
        self, options: Options, open_line: Callable[[Options], Line] | None = None
    ) -> None:
        self._options = options
        self._open_line = open_line or _Line
        self._line: Line | None = None
        self._desk: SatelliteControls | None = None
        self._holding: asyncio.TimerHandle | None = None

    def operate(self, desk: SatelliteControls) -> None:
        """Be given what is operated; before that a press does nothing."""
        self._desk = desk

    async def start(self) -> None:
        """Take the line. Raises `DeviceMissing`."""
        self._line = self._open_line(self._options)
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._look, self._line)

    async def handle(self, event: Event) -> None:
        """Nothing: it tells, and is not told."""

    async def close(self) -> None:
        """Give the line back. Twice is once."""
        if self._holding is not None:
            self._holding.cancel()
        line, self._line = self._line, None
        if line is not None:
            asyncio.get_running_loop().remove_reader(line.fileno())
            line.close()

    def _look(self, line: Line) -> None:
        """See what happened to the button, when something has."""
        try:
            edges = line.edges()
        except DeviceLost as error:
            _LOGGER.warning("the button is not looked at any more: %s", error)
            asyncio.get_running_loop().remove_reader(line.fileno())
            return
        for pressed in edges:
            self._press() if pressed else self._let_go()

    def _press(self) -> None:
        if self._options.hold == "nothing":
            self._do(self._options.press)  # nothing has to be told apart
            return
        loop = asyncio.get_running_loop()
        if self._holding is None:
            self._holding = loop.call_later(self._options.long, self._hold)

    def _hold(self) -> None:
        self._holding = None
        self._do(self._options.hold)

    def _let_go(self) -> None:
        holding, self._holding = self._holding, None
        if holding is not None:
            holding.cancel()
            self._do(self._options.press)

    def _do(self, deed: Deed) -> None:
        desk = self._desk
        if desk is None:
            _LOGGER.info("a button was pressed before the satellite was ready")
        elif deed == "mute":
            desk.mute(None)
        elif deed == "stop":
            desk.stop()
        elif deed == "talk":
            _talk(desk)


def _talk(desk: SatelliteControls) -> None:
    state = desk.state()
    if state.get("ringing") or state.get("phase") == "speaking":
        desk.stop()
    elif not desk.wake():
        _LOGGER.info("a button was pressed while nobody may be listened to, or somebody is")


class _Line:
    """A line of the kernel's GPIO character device, which also keeps a contact's bounces away."""

    def __init__(self, options: ButtonHook.Options) -> None:
        from gpiod import EdgeEvent

        self._pressed = EdgeEvent.Type.RISING_EDGE  # of the logical value
        self._request: Any = gpio_lines.request(options.chip, options.line, settings(options))

    def fileno(self) -> int:
        """The file descriptor of its events."""
        return int(self._request.fd)

    def edges(self) -> list[bool]:
        """The events that wait. Raises `DeviceLost`."""
        try:
            return [event.event_type is self._pressed for event in self._request.read_edge_events()]
        except OSError as error:
            raise DeviceLost(str(error)) from error

    def close(self) -> None:
        """Give it back."""
        self._request.release()


def settings(options: ButtonHook.Options) -> Any:
    """What the kernel is asked for: an input, pulled to where it is when nobody presses."""
    from datetime import timedelta

    from gpiod import LineSettings
    from gpiod.line import Bias, Direction, Edge

    return LineSettings(
        direction=Direction.INPUT,
        edge_detection=Edge.BOTH,
        bias=Bias.PULL_UP if options.active_low else Bias.PULL_DOWN,
        active_low=options.active_low,
        debounce_period=timedelta(seconds=DEBOUNCE),
    )
