"""Lamps of type APA102 ("DotStar") on an SPI bus, as on the ReSpeaker microphone boards.

Frames: APA102C data sheet (Shiji Lighting): 32 zero bits start a frame; each lamp takes 111, 5 bits
of brightness, blue, green and red. At the end, the clock continues for half a bit per lamp, since
each lamp delays the data by that; with zeros, which light no lamp beyond the last. spidev: Linux,
Documentation/spi/spidev.rst and uapi/linux/spi/spidev.h.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Sequence

from satellite.builtin.hooks.patterns import Colour
from satellite.errors import DeviceLost, DeviceMissing
from satellite.lib.platform.files import CLOSE_ON_EXEC, control

SPEED = 1_000_000
"""Hz: a frame for twelve lamps takes 0.5 ms, and cables of some 20 cm work."""

_WRITE_MAX_SPEED = 0x40046B04
"""SPI_IOC_WR_MAX_SPEED_HZ."""

_FULL = 31
"""Highest brightness of a lamp, in 5 bits."""


def frame(colours: Sequence[Colour], brightness: float) -> bytes:
    """Return the bytes that show a picture; `brightness` is 0 to 1."""
    level = 0xE0 | round(_FULL * brightness)
    lamps = b"".join(bytes((level, blue, green, red)) for red, green, blue in colours)
    return bytes(4) + lamps + bytes(4 + (len(colours) + 15) // 16)


class LedStrip:
    """The lamps on a device file such as /dev/spidev0.0. Writing blocks for under a millisecond."""

    def __init__(self, path: str) -> None:
        """Open the device. Raises `DeviceMissing`."""
        self._path = path
        try:
            self._file = os.open(path, os.O_WRONLY | CLOSE_ON_EXEC)
        except FileNotFoundError as error:
            raise DeviceMissing(
                f"the SPI device {path} does not exist; enable it: dtparam=spi=on in the Raspberry "
                "Pi's config.txt"
            ) from error
        except OSError as error:
            raise DeviceMissing(
                f"the SPI device {path} cannot be used: {error.strerror}; add the user to the "
                "group spi"
            ) from error
        try:
            control(self._file, _WRITE_MAX_SPEED, struct.pack("=I", SPEED))
        except OSError as error:
            if error.errno != errno.ENOTTY:  # for a file or a pipe, which have no clock
                os.close(self._file)
                raise DeviceMissing(f"{path} is not an SPI device: {error.strerror}") from error

    def show(self, colours: Sequence[Colour], brightness: float) -> None:
        """Show a picture. Raises `DeviceLost`."""
        try:
            os.write(self._file, frame(colours, brightness))
        except OSError as error:
            raise DeviceLost(f"the lamps at {self._path} are gone: {error.strerror}") from error

    def close(self) -> None:
        """Close the device."""
        os.close(self._file)
