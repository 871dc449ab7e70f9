"""Speech on its way from Home Assistant to the speaker: it arrives faster than it is played."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator

from wyoming.event import Event

from satellite.net.formats import AudioReader
from satellite.values import AudioChunk

_LOGGER = logging.getLogger(__name__)

MOST = 600.0
"""Seconds buffered: a long announcement. 26 MB at most, as Home Assistant ignores back pressure."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes buffered, whatever the format and the size of the pieces."""
_PIECE = 256
"""Bytes that a smaller piece counts as."""


class IncomingSpeech:
    """A buffer of speech that is filled while it is played; excess audio is dropped."""

    def __init__(self) -> None:
        self.ended = False
        self.cut_off = False
        """Whether it ended because no more arrived, not because it was complete."""
        self._reader = AudioReader()
        self._chunks: deque[AudioChunk] = deque()
        self._seconds = 0.0
        self._bytes = 0
        self._full = False
        self._changed = asyncio.Event()

    def take(self, event: Event) -> None:
        """Add the audio of an `audio-chunk`. Raises `BadFrame`."""
        self.put(self._reader.read(event))

    def put(self, chunk: AudioChunk) -> None:
        """Append audio; ignored after `end`."""
        if self.ended:
            return
        seconds = chunk.format.seconds(chunk.audio)
        if self._seconds + seconds > MOST or self._bytes > MOST_BYTES:
            if not self._full:
                _LOGGER.warning("Home Assistant sent over %g s ahead: dropping the excess", MOST)
            self._full = True
            return
        self._seconds += seconds
        self._bytes += max(_PIECE, len(chunk.audio))
        self._chunks.append(chunk)
        self._changed.set()

    def end(self, cut_off: bool = False) -> None:
        """Mark the speech as complete, or as `cut_off`. Idempotent."""
        if not self.ended:
            self.ended, self.cut_off = True, cut_off
            self._changed.set()

    async def chunks(self, patience: float) -> AsyncGenerator[AudioChunk, None]:
        """Yield the audio to its end, or until none has arrived for `patience` seconds."""
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._seconds -= chunk.format.seconds(chunk.audio)
                self._bytes -= max(_PIECE, len(chunk.audio))
                yield chunk
                if not len(self._chunks) % 8:
                    await asyncio.sleep(0)  # minutes may be buffered: let other tasks run
            if self.ended:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._changed.wait()
            except TimeoutError:
                _LOGGER.warning("Home Assistant stopped sending audio before its end")
                self.end(cut_off=True)
