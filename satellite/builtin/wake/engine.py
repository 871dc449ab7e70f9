"""What the wake engines have in common: one thread, streams of their own, audio in even hops.

Networks run on the thread, but for those that take less time than a change of threads.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Protocol

from satellite.builtin.wake.idle_gate import AudioPiece, IdleGate
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineClosed
from satellite.lib.worker import Worker
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo

HOP = 1280
"""Samples (80 ms) that are looked at together: a change of threads costs as much as a small model,
and nobody notices 80 ms."""

_MOST_HOPS = 12
"""Hops given to the thread at once (about a second), so that streams take turns."""

_MOST_MISSED = 16
"""Words nearly heard that wait to be told of."""


class Stream(Protocol):
    """One audio stream being listened to; used on the engine's thread only, but for `context` and
    `glance`, and for one call at a time."""

    @property
    def context(self) -> int:
        """Samples of the past on which its answers depend."""

    def peak(self, audio: bytes) -> float:
        """Take the next samples, a whole number of hops; return the highest score in them."""

    def skip(self, samples: int) -> None:
        """Leave out the next samples, of which it never hears anything."""

    def recall(self, audio: bytes) -> None:
        """Take the next samples in, `context` of them, without judging."""

    def hear(self, audio: bytes) -> list[Detection]:
        """Take the next samples, a whole number of hops; return what was heard in them."""

    def glance(self, audio: bytes) -> list[Detection] | None:
        """Do the same at once, on the event loop, where it takes less than to ask the thread.

        None where `hear` has to be asked.
        """


class WakeEngine(ABC):
    """A wake engine, but for loading models and looking for words."""

    name: str
    """Also the name of its thread."""

    talk: float = 0.3
    """Score in a piece of sound by itself that talk without the word does not exceed."""

    before: int = 0
    """Samples before a piece of sound without which its score in it is another."""

    hop: int = HOP
    """Samples given to the thread together; a multiple of `HOP`."""

    def __init__(self, rest: bool = True) -> None:
        """`rest`: leave sound unheard in which there is nothing to hear."""
        self._rest = rest
        self._worker: Worker | None = None
        self._loading = asyncio.Lock()
        self._loaded = False
        self._closed = False
        self.nearly: Callable[[str, float], None] = lambda word, score: None
        """Told of each word that was not heard, but something like it, with its score."""
        self.missed: deque[tuple[str, float]] = deque(maxlen=_MOST_MISSED)
        """Those words and scores, until they are told."""

    async def load(self) -> None:
        """Load the models. Raises `ModelMissing`, `EngineFailed`, `EngineClosed`."""
        async with self._loading:
            if self._closed:
                raise EngineClosed(f"{self.name} was closed")
            if self._loaded:
                return
            if self._worker is None:
                self._worker = Worker(self.name)
            await self._worker.call(self.prepare)
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
        stream = await worker.call(self.listener, request.words)
        doze = IdleGate(self.hop, -(-stream.context // self.hop)) if self._rest else None
        async with aclosing(_batches(audio, 2 * self.hop, doze)) as batches:
            async for hops in batches:
                pieces = doze.take(hops) if doze else [AudioPiece(0, b"", b"".join(hops))]
                if not pieces:
                    continue
                found = self._glance(stream, pieces)
                if found is None:
                    found = await worker.call(_attend, stream, pieces)
                for detection in found:
                    yield detection
                while self.missed:
                    self.nearly(*self.missed.popleft())

    def _glance(self, stream: Stream, pieces: list[AudioPiece]) -> list[Detection] | None:
        """What is heard in one more hop, where that is quickly said. Raises `EngineClosed`."""
        if self._closed:
            raise EngineClosed(f"{self.name} was closed")
        if len(pieces) > 1 or pieces[0].skip or len(pieces[0].hear) > 2 * self.hop:
            return None
        return stream.glance(pieces[0].hear)

    async def likeness(self, audio: bytes, word: str) -> float:
        """The highest score of a word in a piece of sound by itself, 0 to 1, of which the first
        `before` samples only come before. Raises what `detect` raises."""
        await self.load()
        worker = self._worker
        if worker is None:
            raise EngineClosed(f"{self.name} was closed")
        hop = 2 * self.hop
        sound = audio[len(audio) % hop :]
        first = min(2 * self.before, len(sound)) // hop * hop

        def listen() -> float:
            stream = self.listener((word,))
            stream.recall(sound[:first])
            return stream.peak(sound[first:])

        return await worker.call(listen)

    async def close(self) -> None:
        """End the thread and let go of the models. Twice is once."""
        self._closed = True
        if self._worker is not None:
            await self._worker.close()
        self.release()

    @abstractmethod
    def prepare(self) -> None:
        """Load the models, on the thread. Raises what `load` raises."""

    @abstractmethod
    def listener(self, words: tuple[str, ...]) -> Stream:
        """Begin a stream for `words`, all that are loaded where there are none; on the thread.

        Raises `ModelMissing`.
        """

    def _watched(self, trigger: Trigger, word: str) -> Trigger:
        """Have the near misses of a word's trigger told."""
        trigger.nearly = partial(self._note, word)
        return trigger

    def _note(self, word: str, score: float) -> None:
        self.missed.append((word, score))

    @abstractmethod
    def release(self) -> None:
        """Let go of the models."""


def _attend(stream: Stream, pieces: list[AudioPiece]) -> list[Detection]:
    """Do what was decided for a stream, on the thread."""
    found: list[Detection] = []
    for piece in pieces:
        if piece.skip:
            stream.skip(piece.skip)
            stream.recall(piece.recall)
        found.extend(stream.hear(piece.hear))
    return found


async def _batches(
    audio: AsyncIterator[bytes], hop: int, doze: IdleGate | None
) -> AsyncGenerator[list[bytes], None]:
    """Cut sound into hops of `hop` bytes, some at a time, as many as it is worth waiting for."""
    waiting = bytearray()
    async for chunk in audio:
        waiting += chunk
        if doze is None or len(waiting) >= SPEECH.bytes_of(doze.patience):
            for hops in _take_hops(waiting, hop):
                yield hops
    for hops in _take_hops(waiting, hop):
        yield hops


def _take_hops(waiting: bytearray, hop: int) -> Iterator[list[bytes]]:
    """Take whole hops, each of `hop` bytes, from the beginning of what waits; some at a time."""
    while (count := min(len(waiting) // hop, _MOST_HOPS)) > 0:
        yield [bytes(waiting[start : start + hop]) for start in range(0, count * hop, hop)]
        del waiting[: count * hop]
