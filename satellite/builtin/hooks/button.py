"""A button on a GPIO line as a hook: starts a turn without a wake word, or mutes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Protocol

from satellite.builtin.hooks import gpio_lines
from satellite.errors import DeviceLost
from satellite.events import Event
from satellite.lib.platform.sockets import watch
from satellite.lib.platform.system import OnLinux
from satellite.options import OptionSet, option
from satellite.ports import SatelliteControls
from satellite.requirements import Package, Requirement

_LOGGER = logging.getLogger(__name__)

DEBOUNCE = 0.02
"""Seconds for which a contact must be stable: a push button bounces for under 10 ms."""

Action = Literal["talk", "mute", "stop", "nothing"]


class ButtonLine(Protocol):
    """An input with a button."""

    def fileno(self) -> int:
        """Return a file descriptor that becomes readable when the button is pressed or released."""

    def edges(self) -> list[bool]:
        """Return the edges since the last call: True for a press, False for a release."""

    def close(self) -> None: ...


class ButtonHook:
    """Performs one action when a button is pressed, and another when it is held.

    `talk` listens as after the wake word, or stops a reply or a ring; `mute` mutes or unmutes the
    microphone.
    """

    class Options(OptionSet, frozen=True):
        """Options of the hook."""

        line: Annotated[int, option("Number of the GPIO line, as 17 for GPIO17", minimum=0)]
        press: Annotated[Action, option("Action of a press")] = "talk"
        hold: Annotated[Action, option("Action of holding the button")] = "mute"
        long: Annotated[
            float,
            option("Treat a press of this long as holding", unit="s", minimum=0.2, maximum=10),
        ] = 0.8
        chip: Annotated[str, option("GPIO chip")] = "/dev/gpiochip0"
        active_low: Annotated[
            bool,
            option("Button connects the line to ground when pressed (otherwise to 3.3 V)"),
        ] = True

    argument: ClassVar[str] = "line"
    requires: ClassVar[tuple[Requirement, ...]] = (
        OnLinux("GPIO", "use the hook command", Package("gpiod", extra="gpio")),
    )

    def __init__(
        self, options: Options, open_line: Callable[[Options], ButtonLine] | None = None
    ) -> None:
        self._options = options
        self._open_line = open_line or _GpioButton
        self._line: ButtonLine | None = None
        self._end_watch: Callable[[], None] = lambda: None
        self._controls: SatelliteControls | None = None
        self._pressed: Callable[[str], None] = lambda press: None
        self._hold_timer: asyncio.TimerHandle | None = None

    def operate(self, controls: SatelliteControls) -> None:
        """Set the satellite's controls; a press before that is ignored."""
        self._controls = controls

    def report(self, pressed: Callable[[str], None]) -> None:
        """Call `pressed` with "press" or "hold" from now on."""
        self._pressed = pressed

    async def start(self) -> None:
        """Request the line. Raises `DeviceMissing`."""
        self._line = self._open_line(self._options)
        line = self._line
        loop = asyncio.get_running_loop()
        self._end_watch = watch(loop, line.fileno(), lambda _: self._read_edges(line))

    async def handle(self, event: Event) -> None:
        """Do nothing: a button has no output."""

    async def close(self) -> None:
        """Release the line. Idempotent."""
        if self._hold_timer is not None:
            self._hold_timer.cancel()
        line, self._line = self._line, None
        if line is not None:
            self._end_watch()
            line.close()

    def _read_edges(self, line: ButtonLine) -> None:
        """Act on the edges since the last call."""
        try:
            edges = line.edges()
        except DeviceLost as error:
            _LOGGER.warning("the button is no longer read: %s", error)
            self._end_watch()
            return
        for pressed in edges:
            self._press() if pressed else self._release()

    def _press(self) -> None:
        if self._options.hold == "nothing":
            self._do("press")  # press and hold need no distinction
            return
        loop = asyncio.get_running_loop()
        if self._hold_timer is None:
            self._hold_timer = loop.call_later(self._options.long, self._hold)

    def _hold(self) -> None:
        self._hold_timer = None
        self._do("hold")

    def _release(self) -> None:
        timer, self._hold_timer = self._hold_timer, None
        if timer is not None:
            timer.cancel()
            self._do("press")

    def _do(self, press: Literal["press", "hold"]) -> None:
        self._pressed(press)
        action: Action = self._options.press if press == "press" else self._options.hold
        controls = self._controls
        if controls is None:
            _LOGGER.info("button ignored: the satellite is not ready yet")
        elif action == "mute":
            controls.mute(None)
        elif action == "stop":
            controls.stop()
        elif action == "talk":
            _talk(controls)


def _talk(controls: SatelliteControls) -> None:
    state = controls.state()
    if state.get("ringing") or state.get("phase") == "speaking":
        controls.stop()
    elif not controls.wake():
        _LOGGER.info("button ignored: the microphone is muted or already in use")


class _GpioButton:
    """A line of the kernel's GPIO character device, which also debounces the contact."""

    def __init__(self, options: ButtonHook.Options) -> None:
        from gpiod import EdgeEvent

        self._pressed = EdgeEvent.Type.RISING_EDGE  # of the logical value
        self._request: Any = gpio_lines.request(options.chip, options.line, line_settings(options))

    def fileno(self) -> int:
        """Return the file descriptor of its events."""
        return int(self._request.fd)

    def edges(self) -> list[bool]:
        """Return the pending edges. Raises `DeviceLost`."""
        try:
            return [event.event_type is self._pressed for event in self._request.read_edge_events()]
        except OSError as error:
            raise DeviceLost(str(error)) from error

    def close(self) -> None:
        """Release the line."""
        self._request.release()


def line_settings(options: ButtonHook.Options) -> Any:
    """Return the settings of the request: an input, pulled to its level when released."""
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
