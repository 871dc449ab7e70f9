"""Speech on its way from Home Assistant to the speaker: it arrives faster than it is played."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator

from wyoming.event import Event

from satellite.net.formats import AudioReader
from satellite.net.memory_budget import Budget, MemoryBudget
from satellite.values import AudioChunk

_LOGGER = logging.getLogger(__name__)

MOST = 600.0
"""Seconds buffered: a long announcement. 26 MB at most, as Home Assistant ignores back pressure."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes buffered, whatever the format and the size of the pieces."""
_PIECE = 256
"""Bytes that a smaller piece counts as."""


class IncomingSpeech:
    """A buffer of speech that is filled while it is played; audio beyond `MOST` is dropped."""

    def __init__(self, memory: Budget | None = None) -> None:
        """`memory` counts the buffered bytes."""
        self.ended = False
        self.cut_off = False
        """Whether it ended because no more arrived, not because it was complete."""
        self._reader = AudioReader()
        self._chunks: deque[AudioChunk] = deque()
        self._seconds = 0.0
        self._bytes = 0
        self._memory: Budget = memory or MemoryBudget()
        self._full = False
        self._dropped = False
        self._changed = asyncio.Event()

    def take(self, event: Event) -> None:
        """Add the audio of an `audio-chunk`.

        Raises `BadFrame`, and `EngineBusy` when too much is held for all peers.
        """
        self.put(self._reader.read(event))

    def put(self, chunk: AudioChunk) -> None:
        """Append audio; ignored after `end` and `drop`. Raises `EngineBusy`."""
        if self.ended or self._dropped:
            return
        seconds = chunk.format.seconds(chunk.audio)
        if self._seconds + seconds > MOST or self._bytes > MOST_BYTES:
            if not self._full:
                _LOGGER.warning("Home Assistant sent over %g s ahead: dropping the excess", MOST)
            self._full = True
            return
        size = max(_PIECE, len(chunk.audio))
        self._memory.add(size)
        self._seconds += seconds
        self._bytes += size
        self._chunks.append(chunk)
        self._changed.set()

    def end(self, cut_off: bool = False) -> None:
        """Mark the speech as complete, or as `cut_off`. Idempotent."""
        if not self.ended:
            self.ended, self.cut_off = True, cut_off
            self._changed.set()

    def drop(self) -> None:
        """Drop the audio that is buffered, and all that follows. Idempotent."""
        self._dropped = True
        self._changed.set()
        self._chunks.clear()
        self._memory.remove(self._bytes)
        self._seconds, self._bytes = 0.0, 0

    async def chunks(self, patience: float) -> AsyncGenerator[AudioChunk, None]:
        """Yield the audio to its end, or until none has arrived for `patience` seconds.

        What is left when the generator is closed is dropped.
        """
        try:
            while True:
                while self._chunks:
                    yield self._next_chunk()
                    if not len(self._chunks) % 8:
                        await asyncio.sleep(0)  # minutes may be buffered: let other tasks run
                if self.ended or self._dropped:
                    return
                self._changed.clear()
                try:
                    async with asyncio.timeout(patience):
                        await self._changed.wait()
                except TimeoutError:
                    _LOGGER.warning("Home Assistant stopped sending audio before its end")
                    self.end(cut_off=True)
        finally:
            self.drop()

    def _next_chunk(self) -> AudioChunk:
        chunk = self._chunks.popleft()
        size = max(_PIECE, len(chunk.audio))
        self._seconds -= chunk.format.seconds(chunk.audio)
        self._bytes -= size
        self._memory.remove(size)
        return chunk
