"""A recording of an utterance that can be replayed from its beginning while it is being spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

from satellite.errors import EngineFailed
from satellite.values import SPEECH

CAPACITY = SPEECH.bytes_of(60)
"""Bytes stored for replay: four times the longest utterance that a satellite records."""


class Recording:
    """Audio (16 kHz mono) taken from a source once, for several readers one after another."""

    def __init__(self) -> None:
        self.ended_at: float | None = None
        """The loop's time when the source ended."""
        self._chunks: list[bytes] = []
        self._first = 0
        """Index, in the whole stream, of the oldest chunk that is stored."""
        self._size = 0
        self._position = 0
        """Index of the next chunk of the current reader."""
        self._error: BaseException | None = None
        self._on_end: Callable[[float], None] | None = None
        self._changed = asyncio.Condition()

    async def fill(self, source: AsyncIterator[bytes]) -> None:
        """Store audio until the source ends, waiting while the reader is too far behind."""
        try:
            async for chunk in source:
                async with self._changed:
                    await self._changed.wait_for(self._has_room)
                    self._chunks.append(chunk)
                    self._size += len(chunk)
                    self._trim()
                    self._changed.notify_all()
        except Exception as error:
            self._error = error
        async with self._changed:
            self.ended_at = asyncio.get_running_loop().time()
            if self._on_end is not None:
                self._on_end(self.ended_at)
            self._changed.notify_all()

    async def play(self, joined: int = 0) -> AsyncGenerator[bytes, None]:
        """Yield the audio from its beginning, for one reader at a time.

        Chunks that are there already come as one, of about `joined` bytes at most.
        Raises what the source raised, and `EngineFailed` when the beginning is no longer stored.
        """
        if self._first:
            raise EngineFailed("the utterance is too long to be replayed")
        self._position = 0
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._ready() or self.ended_at is not None)
                if not self._ready():
                    break
                chunk = self._next()
                while self._ready() and len(chunk) < joined:
                    chunk += self._next()
                self._trim()
                self._changed.notify_all()
            yield chunk
        if self._error is not None:
            raise self._error

    @contextmanager
    def when_ended(self, on_end: Callable[[float], None]) -> Generator[None, None, None]:
        """Call `on_end` with the loop's time of the source's end, now or within this block."""
        self._on_end = on_end
        if self.ended_at is not None:
            on_end(self.ended_at)
        try:
            yield
        finally:
            self._on_end = None

    def _next(self) -> bytes:
        chunk = self._chunks[self._position - self._first]
        self._position += 1
        return chunk

    def _ready(self) -> bool:
        return self._position - self._first < len(self._chunks)

    def _has_room(self) -> bool:
        return self._size < CAPACITY or self._position > self._first

    def _trim(self) -> None:
        """Discard the oldest audio that was read, beyond `CAPACITY`."""
        while self._size > CAPACITY and self._position > self._first:
            self._size -= len(self._chunks.pop(0))
            self._first += 1


@asynccontextmanager
async def recording(source: AsyncIterator[bytes]) -> AsyncGenerator[Recording, None]:
    """Record `source` during this block. No task group, as in `uploading`."""
    record = Recording()
    task = asyncio.create_task(record.fill(source))
    try:
        yield record
    finally:
        task.cancel()
        await asyncio.wait([task])
