"""What the wake engines have in common: one thread, streams of their own, audio in even hops."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Protocol

from satellite.errors import EngineClosed
from satellite.values import Detection, DetectRequest, EngineInfo
from satellite.worker import Worker

HOP = 1280
"""Samples (80 ms) that are looked at together: a change of threads costs as much as a small model,
and nobody notices 80 ms."""

_MOST_HOPS = 12
"""Hops given to the thread at once (about a second), so that streams take turns."""


class Stream(Protocol):
    """One audio stream being listened to; used on the engine's thread only."""

    def hear(self, audio: bytes) -> list[Detection]:
        """Take the next samples, a whole number of hops; return what was heard in them."""


class WakeEngine(ABC):
    """A wake engine, but for loading models and looking for words."""

    name: str
    """Also the name of its thread."""

    hop: int = HOP
    """Samples given to the thread together; a multiple of `HOP`."""

    def __init__(self) -> None:
        self._worker: Worker | None = None
        self._loading = asyncio.Lock()
        self._loaded = False
        self._closed = False

    async def load(self) -> None:
        """Load the models. Raises `ModelMissing`, `EngineFailed`, `EngineClosed`."""
        async with self._loading:
            if self._closed:
                raise EngineClosed(f"{self.name} was closed")
            if self._loaded:
                return
            if self._worker is None:
                self._worker = Worker(self.name)
            await self._worker.call(self._load)
            self._loaded = True

    @abstractmethod
    def describe(self) -> EngineInfo:
        """Say what this is and which words it knows."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield each wake word heard. Raises `ModelMissing` for a word that there is not.

        The last samples of `audio` are left unheard where they are less than a hop.
        """
        await self.load()
        worker = self._worker
        if worker is None:
            raise EngineClosed(f"{self.name} was closed")
        stream = await worker.call(self._open, request.words)
        waiting = bytearray()
        async for chunk in audio:
            waiting += chunk
            for block in _take_hops(waiting, 2 * self.hop):
                for detection in await worker.call(stream.hear, block):
                    yield detection

    async def close(self) -> None:
        """End the thread and let go of the models. Twice is once."""
        self._closed = True
        if self._worker is not None:
            await self._worker.close()
        self._unload()

    @abstractmethod
    def _load(self) -> None:
        """Load the models, on the thread."""

    @abstractmethod
    def _open(self, words: tuple[str, ...]) -> Stream:
        """Begin a stream for `words`, all that are loaded where there are none; on the thread."""

    @abstractmethod
    def _unload(self) -> None:
        """Let go of the models."""


def _take_hops(waiting: bytearray, hop: int) -> Iterator[bytes]:
    """Take blocks of whole hops, each of `hop` bytes, from the beginning of what waits."""
    while (hops := min(len(waiting) // hop, _MOST_HOPS)) > 0:
        block = bytes(waiting[: hops * hop])
        del waiting[: hops * hop]
        yield block
