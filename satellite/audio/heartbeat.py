"""The heartbeat of the audio loop: the samples that went through it, and when."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from satellite.values import SPEECH

STILL = 5.0
"""Seconds without a sample after which the loop stands still: a microphone that falls silent is
opened again after 3 s, which takes a second."""


class Heartbeat:
    """Counts the samples that went through the audio loop."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        *,
        every: int = SPEECH.rate,
        on_beat: Callable[[], None] = lambda: None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_beat` is called each time `every` more samples have passed, `on_end` by `end`."""
        self.samples = 0
        """Samples of 16 kHz mono so far."""
        self._clock = clock
        self._every = every
        self._on_beat = on_beat
        self._on_end = on_end
        self._last: float | None = None
        self._unreported = 0
        """Samples since the last call of `on_beat`."""

    def hear(self, audio: bytes) -> None:
        """Count a chunk that went through the loop just now."""
        samples = len(audio) // SPEECH.frame_bytes
        self.samples += samples
        self._last = self._clock()
        self._unreported += samples
        if self._unreported >= self._every:
            self._unreported = 0
            self._on_beat()

    def end(self) -> None:
        """Report that the loop has ended."""
        self._on_end()

    @property
    def age(self) -> float | None:
        """Seconds since the last sample; None before the first one."""
        return None if self._last is None else self._clock() - self._last

    @property
    def beats(self) -> bool:
        """Whether the loop moves."""
        age = self.age
        return age is not None and age < STILL
