"""The base of the wake engines: one thread, independent streams, audio in equal hops.

Networks run on the thread, except those that take less time than a thread switch.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Protocol, TypeVar

from satellite.builtin.wake.idle_gate import AudioPiece, IdleGate
from satellite.builtin.wake.reviewed import Reviewed, reviewed_store
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineClosed
from satellite.lib.worker import Worker
from satellite.ports import EngineContext
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo

HOP = 1280
"""Samples (80 ms) that are processed together: a thread switch costs as much as a small model, and
80 ms are not noticed."""

_MOST_HOPS = 12
"""Hops given to the thread at once (about a second), so that streams take turns."""

_MOST_NEAR_MISSES = 16
"""Near misses that wait to be reported."""


Result = TypeVar("Result")


Adjust = Callable[[str, float], float]
"""Returns the threshold of a word that applies now instead of the usual one, on any thread."""


class WakeStream(Protocol):
    """A detector for one audio stream. Used on the engine's thread only, except for `context` and
    `process_at_once`, and for one call at a time."""

    @property
    def context(self) -> int:
        """Samples of the past on which its scores depend."""

    def best_score(self, audio: bytes) -> float:
        """Take the next samples, a whole number of hops; return the highest score in them."""

    def skip(self, samples: int) -> None:
        """Skip the next samples, which are left out of the stream."""

    def pause(self) -> None:
        """Report near misses now: after the sound so far there is silence."""

    def prime(self, audio: bytes) -> None:
        """Take the next samples, `context` of them, without scoring."""

    def process(self, audio: bytes) -> list[Detection]:
        """Take the next samples, a whole number of hops; return the words detected in them."""

    def process_at_once(self, audio: bytes) -> list[Detection] | None:
        """Do the same on the event loop where that takes less time than a thread switch.

        None where `process` has to be called.
        """


class WakeEngine(ABC):
    """A wake engine, except for loading models and detecting words."""

    name: str
    """The engine's name, and that of its thread."""

    talk_score: float = 0.3
    """Score that speech without the word does not exceed in an isolated piece of sound."""

    warm_up: int = 0
    """Samples before an isolated piece of sound that its score depends on."""

    hop: int = HOP
    """Samples processed together; a multiple of `HOP`."""

    def __init__(
        self,
        rest: bool = True,
        context: EngineContext | None = None,
        near_misses: deque[tuple[str, float]] | None = None,
    ) -> None:
        """With `rest`, silence is not processed. `near_misses` is shared with another engine."""
        self._nice = context.nice if context is not None else 0
        self._satellite = context.satellite if context is not None else ""
        self._reviewed = Reviewed()
        self._rest = rest
        self._worker: Worker | None = None
        self._loading = asyncio.Lock()
        self._loaded = False
        self._closed = False
        self.near_misses = deque(maxlen=_MOST_NEAR_MISSES) if near_misses is None else near_misses
        """Words and scores that are not taken yet."""
        self._adjust: tuple[Adjust, ...] = ()

    async def load(self) -> None:
        """Load the models. Raises `ModelMissing`, `EngineFailed`, `EngineClosed`."""
        async with self._loading:
            if self._closed:
                raise EngineClosed(f"{self.name} was closed")
            if self._loaded:
                return
            if self._worker is None:
                self._worker = Worker(self.name, nice=self._nice)
            await self._worker.call(self.prepare)
            self._loaded = True

    @abstractmethod
    def describe(self) -> EngineInfo:
        """Describe the engine and its words."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield each wake word detected. Raises `ModelMissing` for an unknown word.

        The last samples of `audio` are ignored where they are less than a hop.
        """
        await self.load()
        worker = self._worker
        if worker is None:
            raise EngineClosed(f"{self.name} was closed")
        stream = await worker.call(self.stream, request.words)
        gate = IdleGate(self.hop, -(-stream.context // self.hop)) if self._rest else None
        processing = False
        async with aclosing(_batches(audio, 2 * self.hop, gate)) as batches:
            async for hops in batches:
                pieces = gate.take(hops) if gate else [AudioPiece(0, b"", b"".join(hops))]
                if not pieces:
                    if processing:
                        await worker.call(stream.pause)
                        processing = False
                    continue
                processing = True
                found = self._process_at_once(stream, pieces)
                if found is None:
                    found = await worker.call(_process, stream, pieces)
                for detection in found:
                    yield detection

    def _process_at_once(
        self, stream: WakeStream, pieces: list[AudioPiece]
    ) -> list[Detection] | None:
        """Process one hop on the event loop, where that is quick. Raises `EngineClosed`."""
        if self._closed:
            raise EngineClosed(f"{self.name} was closed")
        if len(pieces) > 1 or pieces[0].skip or len(pieces[0].process) > 2 * self.hop:
            return None
        return stream.process_at_once(pieces[0].process)

    async def score(self, audio: bytes, word: str) -> float:
        """Return the highest score of a word in an isolated piece of sound, 0 to 1.

        The first `warm_up` samples only lead in. Raises the errors of `detect`.
        """
        await self.load()
        worker = self._worker
        if worker is None:
            raise EngineClosed(f"{self.name} was closed")
        hop = 2 * self.hop
        sound = audio[len(audio) % hop :]
        first = min(2 * self.warm_up, len(sound)) // hop * hop

        def highest() -> float:
            stream = self.stream((word,))
            stream.prime(sound[:first])
            return stream.best_score(sound[first:])

        return await worker.call(highest)

    def heed(self, *adjust: Adjust) -> None:
        """Adjust thresholds from now on, and in running streams, by one function after another."""
        self._adjust = adjust

    async def on_thread(self, work: Callable[[], Result]) -> Result:
        """Call a function on the engine's thread. Raises `EngineClosed`."""
        if self._worker is None:
            raise EngineClosed(f"{self.name} was closed")
        return await self._worker.call(work)

    def take_near_misses(self) -> list[tuple[str, float]]:
        """Return the words that were nearly heard since the last call, with their scores."""
        found = []
        while self.near_misses:  # the engine's thread may add to them meanwhile
            found.append(self.near_misses.popleft())
        return found

    async def close(self) -> None:
        """End the thread and release the models. Idempotent."""
        self._closed = True
        if self._worker is not None:
            await self._worker.close()
        self.release()

    @abstractmethod
    def prepare(self) -> None:
        """Load the models, on the thread. Raises the errors of `load`."""

    @abstractmethod
    def stream(self, words: tuple[str, ...]) -> WakeStream:
        """Begin a stream for `words`, or for all configured words where empty; on the thread.

        Raises `ModelMissing`.
        """

    def read_review(self) -> None:
        """Use the thresholds that people have adjusted by `satellite wake review`; blocks."""
        if self._satellite:
            self._reviewed = reviewed_store(self._satellite).read()

    def trigger(
        self, word: str, threshold: float, level: int, refractory: float, certain: float = 0.0
    ) -> Trigger:
        """Make a word's trigger, whose near misses the engine reports; `refractory` in seconds."""
        threshold = self._reviewed.threshold(word, threshold)
        samples = round(refractory * SPEECH.rate)
        return Trigger(
            threshold,
            level,
            samples,
            partial(self._note_near_miss, word),
            partial(self._adjusted, word),
            certain,
        )

    def _adjusted(self, word: str, threshold: float) -> float:
        for adjust in self._adjust:
            threshold = adjust(word, threshold)
        return threshold

    def _note_near_miss(self, word: str, score: float) -> None:
        self.near_misses.append((word, score))

    @abstractmethod
    def release(self) -> None:
        """Release the models."""


def _process(stream: WakeStream, pieces: list[AudioPiece]) -> list[Detection]:
    """Process pieces of a stream, on the thread."""
    found: list[Detection] = []
    for piece in pieces:
        if piece.skip:
            stream.skip(piece.skip)
            stream.prime(piece.prime)
        found.extend(stream.process(piece.process))
    return found


async def _batches(
    audio: AsyncIterator[bytes], hop: int, gate: IdleGate | None
) -> AsyncGenerator[list[bytes], None]:
    """Cut sound into hops of `hop` bytes, in batches of as many as are worth waiting for."""
    waiting = bytearray()
    async for chunk in audio:
        waiting += chunk
        if gate is None or len(waiting) >= SPEECH.bytes_of(gate.patience):
            for hops in _take_hops(waiting, hop):
                yield hops
    for hops in _take_hops(waiting, hop):
        yield hops


def _take_hops(waiting: bytearray, hop: int) -> Iterator[list[bytes]]:
    """Take whole hops of `hop` bytes from the beginning of `waiting`, in batches."""
    while (count := min(len(waiting) // hop, _MOST_HOPS)) > 0:
        yield [bytes(waiting[start : start + hop]) for start in range(0, count * hop, hop)]
        del waiting[: count * hop]
