"""Sources of sound, and the fan-out of one source to several listeners."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol


class Source(Protocol):
    """A source of 16 kHz mono: see `satellite.audio.capture.Capture`."""

    @property
    def finished(self) -> bool: ...

    def frames(self) -> AsyncGenerator[bytes, None]: ...


class Fanout:
    """A source of sound that passes each chunk to its listeners, in their order, first."""

    def __init__(self, source: Source, *listeners: Callable[[bytes], None]) -> None:
        self._source = source
        self._listeners = listeners

    @property
    def finished(self) -> bool:
        """See `Source`."""
        return self._source.finished

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the source's chunks. Raises what the source raises; closing this closes it."""
        async with aclosing(self._source.frames()) as frames:
            async for audio in frames:
                for listener in self._listeners:
                    listener(audio)
                yield audio
