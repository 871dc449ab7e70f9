"""A ring or row of coloured lamps as a hook that shows the satellite's state."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Annotated, ClassVar

from satellite.builtin.hooks.apa102 import LedStrip
from satellite.builtin.hooks.indicator import Indicator
from satellite.builtin.hooks.patterns import OFF, RATE, moves, picture
from satellite.errors import DeviceError
from satellite.events import Event
from satellite.lib.platform.system import OnLinux
from satellite.options import OptionSet, option
from satellite.requirements import Requirement

_LOGGER = logging.getLogger(__name__)

_END = 2.0
"""Seconds for the thread to end; it waits for one picture at most."""


class LedsHook:
    """Lamps of the ReSpeaker boards (APA102 on SPI), in a colour for each state."""

    class Options(OptionSet, frozen=True):
        """Options of the hook."""

        device: Annotated[str, option("SPI device file")] = "/dev/spidev0.0"
        count: Annotated[int, option("Lamps: 3 on the 2-Mics HAT, 12 on the 4-Mics", minimum=1)] = 3
        brightness: Annotated[float, option("Brightness, 1 being full", minimum=0, maximum=1)] = 0.3

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[Requirement, ...]] = (OnLinux("SPI", "use the hook command"),)

    def __init__(self, options: Options) -> None:
        self._options = options
        self._brightness = options.brightness
        self._indicator = Indicator()
        self._changed = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Open the device and start the thread. Raises `DeviceMissing`."""
        strip = LedStrip(self._options.device)
        # a thread of its own, since pictures change without events
        self._thread = threading.Thread(target=self._show, args=(strip,), name="leds", daemon=True)
        self._thread.start()

    @property
    def brightness(self) -> float:
        """The brightness, from 0 to 1."""
        return self._brightness

    def dim(self, brightness: float) -> None:
        """Set the brightness, until the hook ends."""
        with self._changed:
            self._brightness = brightness
            self._changed.notify()

    async def handle(self, event: Event) -> None:
        """Show the state after an event."""
        with self._changed:
            self._indicator.take(event)
            self._changed.notify()

    async def close(self) -> None:
        """Turn the lamps off. Idempotent."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with self._changed:
                self._ending = True
                self._changed.notify()
            await asyncio.to_thread(thread.join, _END)

    def _show(self, strip: LedStrip) -> None:
        """Show pictures until `close`, on the thread."""
        options = self._options
        try:
            state, began = self._indicator.at(time.monotonic()), time.monotonic()
            while True:
                now = time.monotonic()
                with self._changed:
                    if self._ending:
                        break
                    if (latest := self._indicator.at(now)) != state:
                        state, began = latest, now
                    brightness = self._brightness
                strip.show(picture(state, now - began, options.count), brightness)
                with self._changed:
                    same = self._indicator.at(time.monotonic()) == state
                    if same and not self._ending and self._brightness == brightness:
                        self._changed.wait(1 / RATE if moves(state) else None)
            strip.show([OFF] * options.count, 0)
        except DeviceError as error:
            _LOGGER.warning("%s", error)
        finally:
            strip.close()
