"""The microphone, which is closed while it is muted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from satellite.audio.capture import Capture
from satellite.errors import SatelliteError
from satellite.events import Error, Event
from satellite.lib.wait_limit import WaitLimit
from satellite.listening.mute import Mute
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

PIECE = 0.1
"""Seconds of silence per chunk while it is muted: as rarely as unmuting allows."""

RETRY = 2.0
"""Seconds before a microphone that did not open is tried again: another program may release it."""


class Microphone:
    """Closes the device while it is muted, so that other programs can use it.

    Meanwhile it yields silence at the usual pace, for everything that measures time by its samples,
    such as the echo canceller.
    """

    def __init__(self, capture: Capture, mute: Mute, publish: Callable[[Event], None]) -> None:
        self._capture = capture
        self._mute = mute
        self._publish = publish
        self._patience = WaitLimit(None)
        """The wait for the device; interrupted when it is muted."""
        self._opened = asyncio.Event()
        mute.subscribe(self._on_mute)

    @property
    def finished(self) -> bool:
        """Whether a source with an end, such as a WAV file, has reached it."""
        return self._capture.finished

    async def open(self) -> None:
        """Open the device, unless it is muted. Raises what `Capture.open` raises."""
        if not self._mute.muted:
            await self._capture.open()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield 16 kHz mono without end; silence while it is muted or does not open."""
        wait = 0.0
        while True:
            if self._mute.muted or wait:
                async with aclosing(self._silence(wait)) as silence:
                    async for audio in silence:
                        yield audio
            if self._mute.muted:
                continue
            wait = 0.0 if await self._open(first=not wait) else RETRY
            if not wait:
                async with aclosing(self._sound()) as sound:
                    async for audio in sound:
                        yield audio

    def _on_mute(self, muted: bool) -> None:
        if not muted:
            self._opened.set()
        else:
            self._patience.interrupt()

    async def _open(self, first: bool) -> bool:
        try:
            await self._capture.open()
        except SatelliteError as error:
            level = logging.WARNING if first else logging.DEBUG
            _LOGGER.log(level, "cannot reopen the microphone: %s", error)
            if first:
                self._publish(Error(where="mic", text=str(error), code=error.code))
            return False
        return True

    async def _sound(self) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self._capture.frames()) as frames:
                while not self._mute.muted:
                    try:
                        with self._patience:
                            audio = await anext(frames)
                    except TimeoutError:
                        return
                    yield audio
        finally:
            self._patience.end()
            await self._capture.close()

    async def _silence(self, seconds: float) -> AsyncGenerator[bytes, None]:
        """Yield silence while it is muted, and for `seconds` at least."""
        due = asyncio.get_running_loop().time()
        end = due + seconds
        self._opened.clear()
        while self._mute.muted or due < end:
            due += PIECE
            try:
                async with asyncio.timeout_at(due):
                    await self._opened.wait()
                    self._opened.clear()
            except TimeoutError:
                pass
            yield bytes(SPEECH.bytes_of(PIECE))
