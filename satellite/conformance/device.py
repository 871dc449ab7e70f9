"""The promises of every audio device: opening, its format, and closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from satellite.conformance.check import (
    Check,
    Make,
    Promise,
    Wrong,
    checks_of,
    expect,
    within,
)
from satellite.values import AudioFormat


@asynccontextmanager
async def opened(make: Make, seconds: float) -> AsyncGenerator[tuple[Any, AudioFormat], None]:
    """A fresh device that is open, with its format. Raises the `DeviceError` of a missing one."""
    async with make() as device:
        try:
            form = await asyncio.wait_for(device.open(), seconds)
        except TimeoutError:
            raise Wrong(f"open did not end within {seconds:g} s") from None
        expect(isinstance(form, AudioFormat), f"open returned {type(form).__name__}")
        yield device, form


async def _opens_in_a_usable_format(make: Make, sample: Any) -> None:
    """Opening returns a format with a rate in Hz and a number of channels."""
    async with opened(make, sample.patience) as (_, form):
        expect(form.rate > 0, f"the rate is {form.rate} Hz")
        expect(form.channels > 0, f"there are {form.channels} channels")


async def _closes_twice(make: Make, sample: Any) -> None:
    """Closing is idempotent, whether the device is open or not."""
    async with make() as device:
        await within(sample.patience, device.close(), "close before open")
    async with opened(make, sample.patience) as (device, _):
        for number in ("first", "second"):
            await within(sample.patience, device.close(), f"the {number} close")


async def _opens_again(make: Make, sample: Any) -> None:
    """A closed device can be opened again, in the same format."""
    async with opened(make, sample.patience) as (device, form):
        await within(sample.patience, device.close(), "close")
        again = await within(sample.patience, device.open(), "the second open")
        expect(again == form, f"the format was {form} at first, and {again} after opening again")


def device_checks(*own: Promise) -> tuple[Check, ...]:
    """Return the checks of a device's role: those of every device, then its own."""
    return checks_of(_opens_in_a_usable_format, _closes_twice, _opens_again, *own)
