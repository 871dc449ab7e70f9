"""Skeleton, a speaker: it discards the sound, at the pace of a real one."""

from __future__ import annotations

import asyncio
from typing import Annotated

from satellite.options import OptionSet, option
from satellite.values import AudioFormat

FORMAT = AudioFormat(22050)
"""In which sound is written; the satellite converts it."""

STEP = 0.02
"""Seconds that are played at once."""


class Skeleton:
    """Discards the sound."""

    class Options(OptionSet, frozen=True):
        """How the device is written."""

        latency: Annotated[
            float, option("Sound that waits in the device", unit="s", minimum=0.05, maximum=2)
        ] = 0.2

    underruns = 0
    """How often the device ran dry within a piece of sound, since `open`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._waiting = 0
        """Bytes that were written and not yet played."""

    async def open(self) -> AudioFormat:
        """Prepare to play; return the format. Raises `DeviceMissing`."""
        self._waiting, self.underruns = 0, 0
        return FORMAT

    async def write(self, audio: bytes) -> None:
        """Take samples; return when there is room for more. Raises `DeviceLost`.

        Writing to a real device blocks: do it in a thread.
        """
        self._waiting += len(audio)
        while self._waiting > FORMAT.bytes_of(self._options.latency):
            await self._play()

    async def drain(self) -> None:
        """Return once the last sample has been played."""
        while self._waiting:
            await self._play()

    async def stop(self) -> None:
        """Discard at once what was written and not yet played."""
        self._waiting = 0

    async def close(self) -> None:
        """Release the device, which may be opened again. Idempotent."""
        self._waiting = 0

    async def _play(self) -> None:
        await asyncio.sleep(STEP)
        self._waiting = max(0, self._waiting - FORMAT.bytes_of(STEP))
