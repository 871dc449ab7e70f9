"""GPIO lines of the kernel's chips, by libgpiod's Python package; works on the Pi 5, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from satellite.errors import DeviceMissing
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from gpiod import LineSettings


def request(chip: str, line: int, settings: LineSettings) -> Any:
    """Request a line; return a `gpiod.LineRequest`, whose calls take microseconds.

    Raises `DeviceMissing`.
    """
    import gpiod

    where = f"line {line} of {chip}"
    try:
        return gpiod.request_lines(chip, consumer="satellite", config={line: settings})
    except FileNotFoundError as error:
        raise DeviceMissing(f"the GPIO chip {chip} does not exist; see: gpiodetect") from error
    except PermissionError as error:
        raise DeviceMissing(f"no permission for {where}; add the user to the group gpio") from error
    except (OSError, ValueError) as error:
        raise DeviceMissing(f"{where} cannot be used: {reason_of(error)}; see: gpioinfo") from error
