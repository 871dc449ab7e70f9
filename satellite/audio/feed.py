"""A bounded feed of audio from one task to another."""

from __future__ import annotations

import asyncio
from collections import deque

_GAPS = 256
"""Latest gaps whose places are remembered: more than a reader that loses sound in every chunk reads
in 5 s."""


class AudioFeed:
    """Chunks of audio, put in without waiting and iterated elsewhere.

    A waiting reader is woken only when another `hop` bytes of the stream are complete, for readers
    that can do nothing with less. Holds at most `capacity` bytes: when the reader is too slow, the
    oldest audio is dropped, and `dropped` counts its bytes.
    """

    def __init__(self, capacity: int, hop: int = 1) -> None:
        self.dropped = 0
        self._capacity = capacity
        self._hop = hop
        self._total = 0
        self._end = 0
        """Bytes of the sound so far, with those that were skipped."""
        self._chunks: deque[tuple[int, bytes]] = deque()
        """Unread audio, and its place in the sound."""
        self._size = 0
        self._read = 0
        """Bytes that were read."""
        self._next = 0
        """The place in the sound after them."""
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_GAPS)
        """Where the reader goes on after a gap: the bytes read before it, and the place after."""
        self._ended = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()

    def put(self, audio: bytes) -> None:
        """Append audio; ignored after `end`."""
        if self._ended or not audio:
            return
        self._chunks.append((self._end, audio))
        self._end += len(audio)
        self._size += len(audio)
        hops, self._total = self._total // self._hop, self._total + len(audio)
        while self._size > self._capacity and len(self._chunks) > 1:
            _, oldest = self._chunks.popleft()
            self._size -= len(oldest)
            self.dropped += len(oldest)
        if self._total // self._hop > hops:
            self._changed.set()

    def skip(self, size: int) -> None:
        """Leave out the next bytes of the sound, which are not put in."""
        self._end += size

    def place(self, read: int) -> int:
        """Return the place in the sound where a number of bytes had been read, gaps included."""
        for before, after in reversed(self._gaps):
            if before < read:
                return after + read - before
        return read

    async def wait_for_room(self, size: int) -> None:
        """Wait until at most `size` bytes are unread, or until `end`.

        `size` is at least a hop: the reader is not woken for less.
        """
        while self._size > size and not self._ended:
            self._taken.clear()
            await self._taken.wait()

    def end(self) -> None:
        """Let the iteration end after the unread audio. Idempotent."""
        self._ended = True
        self._changed.set()
        self._taken.set()

    def __aiter__(self) -> AudioFeed:
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        place, audio = self._chunks.popleft()
        if place != self._next:
            self._gaps.append((self._read, place))
        self._read += len(audio)
        self._next = place + len(audio)
        self._size -= len(audio)
        self._taken.set()
        return audio
