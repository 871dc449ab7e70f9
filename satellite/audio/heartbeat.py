"""The pulse of the audio loop: samples that were taken in, counted where they were."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

from satellite.audio.tap import Source
from satellite.values import SPEECH

STILL = 5.0
"""Seconds without a sample after which the loop stands still: a microphone that falls silent is
opened again after 3 s, which takes a second."""


class Heartbeat:
    """Counts the samples that went through the loop, and says when they did."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last: float | None = None
        self._unsaid = 0
        self.samples = 0
        """Samples of 16 kHz mono so far."""
        self.every = SPEECH.rate
        """Samples from one call of `on_beat` to the next."""
        self.on_beat: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None
        """Called when the loop has ended."""

    def moved(self, samples: int) -> None:
        """So many samples have been through the loop, just now."""
        self.samples += samples
        self._last = self._clock()
        self._unsaid += samples
        if self._unsaid >= self.every:
            self._unsaid = 0
            self.on_beat()

    @property
    def age(self) -> float | None:
        """Seconds since the last sample; None where there was none yet."""
        return None if self._last is None else self._clock() - self._last

    @property
    def beats(self) -> bool:
        """Whether the loop moves."""
        age = self.age
        return age is not None and age < STILL

    def of(self, source: Source) -> Source:
        """`source`, with a pulse: a chunk counts when its listener asks for the next one."""
        return _Felt(source, self)


class _Felt:
    def __init__(self, source: Source, pulse: Heartbeat) -> None:
        self._source = source
        self._pulse = pulse

    @property
    def finished(self) -> bool:
        return self._source.finished

    async def frames(self) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self._source.frames()) as frames:
                async for audio in frames:
                    yield audio
                    self._pulse.moved(len(audio) // SPEECH.frame_bytes)
        finally:
            self._pulse.on_end()
