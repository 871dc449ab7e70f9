"""Sound on its way from Home Assistant to the speaker: it comes faster than it is heard."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator

from satellite.values import AudioChunk

_LOGGER = logging.getLogger(__name__)

MOST = 600.0
"""Seconds kept: a long announcement. 26 MB of what Home Assistant sends, which has no brake."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes kept in any format, and of pieces however small."""
_PIECE = 256
"""Bytes that the smallest piece counts as."""


class IncomingSpeech:
    """A piece of sound that is filled while it is played; what is too much is left out."""

    def __init__(self) -> None:
        self.ended = False
        self.cut_off = False
        """It ended because no more of it came, not because it was whole."""
        self._chunks: deque[AudioChunk] = deque()
        self._waiting = 0.0
        self._held = 0
        self._full = False
        self._changed = asyncio.Event()

    def put(self, chunk: AudioChunk) -> None:
        """Append sound; ignored after `end`."""
        if self.ended:
            return
        seconds = chunk.format.seconds(chunk.audio)
        if self._waiting + seconds > MOST or self._held > MOST_BYTES:
            if not self._full:
                _LOGGER.warning("Home Assistant sent over %g s ahead: the rest is lost", MOST)
            self._full = True
            return
        self._waiting += seconds
        self._held += max(_PIECE, len(chunk.audio))
        self._chunks.append(chunk)
        self._changed.set()

    def end(self, cut_off: bool = False) -> None:
        """There will be no more. Only the first time counts."""
        if not self.ended:
            self.ended, self.cut_off = True, cut_off
            self._changed.set()

    async def chunks(self, patience: float) -> AsyncGenerator[AudioChunk, None]:
        """The sound, to its end, or until no more of it came for `patience` seconds."""
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._waiting -= chunk.format.seconds(chunk.audio)
                self._held -= max(_PIECE, len(chunk.audio))
                yield chunk
                if not len(self._chunks) % 8:
                    await asyncio.sleep(0)  # minutes may be here at once, and others wait
            if self.ended:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._changed.wait()
            except TimeoutError:
                _LOGGER.warning("Home Assistant began to send sound and stopped")
                self.end(cut_off=True)
