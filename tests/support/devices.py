"""A microphone and a speaker that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from satellite.values import SPEECH, AudioFormat


class ScriptedMic:
    """Each `open` uses the next entry: an error to raise, or the results of its reads.

    A read returns bytes or raises an error; after the last result it never returns.
    """

    def __init__(
        self, *script: Exception | Sequence[bytes | Exception], form: AudioFormat = SPEECH
    ) -> None:
        self._script = list(script)
        self._reads: list[bytes | Exception] = []
        self._form = form
        self.overruns = 0
        self.finished = False
        self.is_open = False
        self.opened = 0

    async def open(self) -> AudioFormat:
        await asyncio.sleep(0)
        entry = self._script.pop(0)
        if isinstance(entry, Exception):
            raise entry
        self._reads = list(entry)
        self.is_open = True
        self.opened += 1
        self.overruns = 0
        return self._form

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        if not self._reads:
            await asyncio.Event().wait()
        entry = self._reads.pop(0)
        if isinstance(entry, Exception):
            raise entry
        return entry

    async def close(self) -> None:
        self.is_open = False


class ScriptedSpeaker:
    """Records its input. `failures` are raised by the next writes; None means success."""

    def __init__(self, form: AudioFormat = SPEECH) -> None:
        self._form = form
        self.failures: list[Exception | None] = []
        self.open_failures: list[Exception] = []
        self.stuck = False
        self.slow: asyncio.Event | None = None
        """While this event is not set, nothing drains."""
        self.heard = b""
        self.calls: list[str] = []
        self.underruns = 0

    async def open(self) -> AudioFormat:
        self.calls.append("open")
        if self.open_failures:
            raise self.open_failures.pop(0)
        self.underruns = 0
        return self._form

    async def write(self, audio: bytes) -> None:
        self.calls.append("write")
        if self.stuck:
            await asyncio.Event().wait()
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.heard += audio

    async def drain(self) -> None:
        self.calls.append("drain")
        if self.slow is not None:
            await self.slow.wait()

    async def stop(self) -> None:
        self.calls.append("stop")

    async def close(self) -> None:
        self.calls.append("close")
