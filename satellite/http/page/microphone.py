"""The microphone of a browser, whose sound comes when the browser sends it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

from satellite.values import SPEECH

MOST = 5.0
"""Seconds of sound that wait to be heard; older sound is dropped."""


class BrowserMicrophone:
    """A source of sound: see `satellite.audio.tap.Source`. It rests while nothing is sent."""

    finished = False

    def __init__(self) -> None:
        self._waiting: deque[bytes | Callable[[], None]] = deque()
        self._size = 0
        self._odd = b""
        self._arrived = asyncio.Event()
        self.dropped = 0
        """Bytes that came faster than they were heard."""

    def push(self, audio: bytes) -> None:
        """Take samples of 16 kHz mono."""
        audio = self._odd + audio
        whole = len(audio) - len(audio) % SPEECH.frame_bytes
        audio, self._odd = audio[:whole], audio[whole:]
        if not audio:
            return
        self._waiting.append(audio)
        self._size += len(audio)
        while self._size > SPEECH.bytes_of(MOST):
            self._drop_oldest()
        self._arrived.set()

    def after(self, work: Callable[[], None]) -> None:
        """Call something once all sound that was pushed is heard."""
        self._waiting.append(work)
        self._arrived.set()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the sound as it comes, without an end."""
        while True:
            self._arrived.clear()
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, bytes):
                    self._size -= len(item)
                    yield item
                else:
                    item()
            await self._arrived.wait()

    def _drop_oldest(self) -> None:
        for index, item in enumerate(self._waiting):
            if isinstance(item, bytes):
                del self._waiting[index]
                self._size -= len(item)
                self.dropped += len(item)
                return
