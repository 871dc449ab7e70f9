"""A bounded feed of audio from one task to another."""

from __future__ import annotations

import asyncio
from collections import deque


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
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()

    def put(self, audio: bytes) -> None:
        """Append audio; ignored after `end`."""
        if self._ended or not audio:
            return
        self._chunks.append(audio)
        self._size += len(audio)
        hops, self._total = self._total // self._hop, self._total + len(audio)
        while self._size > self._capacity and len(self._chunks) > 1:
            oldest = self._chunks.popleft()
            self._size -= len(oldest)
            self.dropped += len(oldest)
        if self._total // self._hop > hops:
            self._changed.set()

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
        audio = self._chunks.popleft()
        self._size -= len(audio)
        self._taken.set()
        return audio
