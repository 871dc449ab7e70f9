"""Openings of answers, such as "Okay." or "The timer is set for five minutes.", whose speech is at
hand because it was synthesized before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

import msgspec

from satellite.ports import Tts
from satellite.turns.context import label
from satellite.values import AudioChunk, SpeechRequest

LONGEST_TEXT = 60
"""Characters of an opening that is stored: longer first sentences rarely come again."""

MEMORY = 2 << 20
"""Bytes of all stored speech: twenty openings of two seconds."""

LARGEST = MEMORY // 8
"""Bytes of the speech of one opening: six seconds."""

FRESH = 3600.0
"""Seconds after which an opening is used only once more, so that it is synthesized again: the voice
of a server may have been replaced by another one of the same name."""

_Key = tuple[str, SpeechRequest]


class _Stored(msgspec.Struct, frozen=True):
    chunks: tuple[AudioChunk, ...]
    size: int
    made: float
    """Time on the monotonic clock."""


class Openings:
    """The speech of the openings that were used last, by engine, voice and language."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._stored: OrderedDict[_Key, _Stored] = OrderedDict()
        self.size = 0
        """Bytes of all stored speech."""

    async def synthesize(
        self, tts: Tts, request: SpeechRequest
    ) -> AsyncGenerator[AudioChunk, None]:
        """Yield the speech of an opening, from memory if the engine that would be asked has
        synthesized it before."""
        if len(request.text) > LONGEST_TEXT:
            async with aclosing(tts.synthesize(request)) as speech:
                async for chunk in speech:
                    yield chunk
            return
        wanted = msgspec.structs.replace(request, ahead=0.0)
        if (stored := self._take((label(tts), wanted))) is not None:
            for chunk in stored.chunks:
                yield chunk
            return
        chunks: list[AudioChunk] = []
        engines = set()
        async with aclosing(tts.synthesize(request)) as speech:
            async for chunk in speech:
                engines.add(label(tts))
                chunks.append(chunk)
                yield chunk
        if len(engines) == 1:  # no other one has completed it
            self._store((engines.pop(), wanted), tuple(chunks))

    def _take(self, key: _Key) -> _Stored | None:
        stored = self._stored.get(key)
        if stored is None:
            return None
        if self._clock() - stored.made > FRESH:
            self._forget(key)
        else:
            self._stored.move_to_end(key)
        return stored

    def _store(self, key: _Key, chunks: tuple[AudioChunk, ...]) -> None:
        size = sum(len(chunk.audio) for chunk in chunks)
        if size > LARGEST:
            return
        self._forget(key)
        self._stored[key] = _Stored(chunks, size, self._clock())
        self.size += size
        while self.size > MEMORY:
            self._forget(next(iter(self._stored)))

    def _forget(self, key: _Key) -> None:
        if (stored := self._stored.pop(key, None)) is not None:
            self.size -= stored.size
