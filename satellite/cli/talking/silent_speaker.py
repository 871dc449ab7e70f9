"""A speaker for machines without one."""

from __future__ import annotations

import asyncio

from satellite.values import AudioFormat


class SilentSpeaker:
    """Takes sound as fast as a real speaker would, and plays nothing."""

    underruns = 0

    def __init__(self) -> None:
        self._format = AudioFormat(rate=16_000)

    async def open(self) -> AudioFormat:
        return self._format

    async def write(self, audio: bytes) -> None:
        await asyncio.sleep(self._format.seconds(audio))

    async def drain(self) -> None:
        """Return at once: nothing is stored."""

    async def stop(self) -> None:
        """Do nothing: nothing is stored."""

    async def close(self) -> None:
        """Do nothing."""
