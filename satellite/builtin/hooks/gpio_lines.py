"""Lines of the kernel's GPIO chips, by libgpiod's own Python package: on the Pi 5 as elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from satellite.errors import DeviceMissing

if TYPE_CHECKING:
    from gpiod import LineSettings


def request(chip: str, line: int, settings: LineSettings) -> Any:
    """Take a line; a `gpiod.LineRequest`, which takes microseconds. Raises `DeviceMissing`."""
    import gpiod

    where = f"line {line} of {chip}"
    try:
        return gpiod.request_lines(chip, consumer="satellite", config={line: settings})
    except FileNotFoundError as error:
        raise DeviceMissing(f"there is no GPIO chip {chip}; see: gpiodetect") from error
    except PermissionError as error:
        raise DeviceMissing(f"{where} may not be used: add the user to the group gpio") from error
    except (OSError, ValueError) as error:
        raise DeviceMissing(f"{where} cannot be used: {error}; see: gpioinfo") from error
