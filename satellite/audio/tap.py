"""Sources of sound, and taps by which others hear what one gives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol


class Source(Protocol):
    """What the listener listens to: see `satellite.audio.capture.Capture`."""

    @property
    def finished(self) -> bool: ...

    def frames(self) -> AsyncGenerator[bytes, None]: ...


class Tap:
    """A source of sound that others hear, too."""

    def __init__(self, source: Source, hear: Callable[[bytes], None]) -> None:
        self._source = source
        self._hear = hear

    @property
    def finished(self) -> bool:
        """See `Source`."""
        return self._source.finished

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """The source's sound, which was heard before it is yielded."""
        async with aclosing(self._source.frames()) as frames:
            async for audio in frames:
                self._hear(audio)
                yield audio
