"""Skeleton, a microphone: it records silence, at the pace of a real one."""

from __future__ import annotations

import asyncio
from typing import Annotated

from satellite.options import OptionSet, option
from satellite.values import SPEECH, AudioFormat


class Skeleton:
    """Records silence."""

    class Options(OptionSet, frozen=True):
        """How the device is read."""

        period: Annotated[
            float, option("Length of one read", unit="s", minimum=0.01, maximum=1)
        ] = 0.02

    finished = False
    """A source with an end, such as a file, is finished once it has reached it."""

    overruns = 0
    """How often samples were lost because they were not read in time, since `open`."""

    def __init__(self, options: Options) -> None:
        self._options = options

    async def open(self) -> AudioFormat:
        """Start recording; return the format. Raises `DeviceMissing`."""
        self.overruns = 0
        return SPEECH

    async def read(self) -> bytes:
        """Return the next samples, at least one frame. Raises `DeviceLost`.

        Reading a real device blocks: do it in a thread.
        """
        await asyncio.sleep(self._options.period)
        return bytes(SPEECH.bytes_of(self._options.period))

    async def close(self) -> None:
        """Release the device, which may be opened again. Idempotent."""
