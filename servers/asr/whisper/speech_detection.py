"""Where in the sound there is a voice."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

FRAME = 512
"""Samples (16 kHz) that Silero judges at once: 32 ms."""
CONTEXT = 64
"""Samples before a frame that Silero sees with it."""
BLOCK = 8
"""Frames judged in one call. Always as many, as numbers may round otherwise in larger calls."""
HYSTERESIS = 0.15
"""A voice goes on while its probability is this much below the threshold, as in Silero's code."""
PAUSE = 4
"""Frames (128 ms) below that end a stretch of voice; shorter ones are part of speech."""

Floats = npt.NDArray[np.float32]


class Detector(Protocol):
    """Tells voices from other sounds; remembers what it heard before."""

    def judge(self, block: Floats) -> list[float]:
        """Probabilities of voice in the frames of `BLOCK * FRAME` samples, -1 to 1."""


class Silero:
    """The Silero model that comes with faster-whisper: a tenth of the work of calling frame by
    frame. One for each utterance; the session is shared."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(CONTEXT, np.float32)

    def judge(self, block: Floats) -> list[float]:
        frames = block.reshape(BLOCK, FRAME)
        contexts = np.vstack((self._before, frames[:-1, -CONTEXT:]))
        given = {"input": np.hstack((contexts, frames)), "h": self._h, "c": self._c}
        output, self._h, self._c = self._session.run(None, given)
        self._before = frames[-1, -CONTEXT:].copy()
        return [float(probability) for probability in np.ravel(output)]


class NoDetector:
    """Takes all for voice, for who wants no detector."""

    def judge(self, block: Floats) -> list[float]:
        return [1.0] * BLOCK


class Span(msgspec.Struct, frozen=True):
    """A stretch of voice: samples from the beginning of the audio."""

    start: int
    end: int


class Spans:
    """Makes stretches of voice of probabilities, frame by frame."""

    def __init__(self, threshold: float, minimum: int) -> None:
        """`minimum`: samples that a stretch must have to count."""
        self._threshold = threshold
        self._minimum = minimum
        self._done: list[Span] = []
        self._start: int | None = None
        self._end = 0
        self.now = 0
        """Samples judged."""

    def add(self, probability: float) -> None:
        """Take the next frame."""
        frame, self.now = self.now, self.now + FRAME
        if probability >= self._threshold and self._start is None:
            self._start = frame
        if self._start is None:
            return
        if probability >= self._threshold - HYSTERESIS:
            self._end = self.now
        elif self.now - self._end >= PAUSE * FRAME:
            self._done = self.all()
            self._start = None

    def all(self) -> list[Span]:
        """The stretches so far, one that still goes on included."""
        if self._start is None or self._end - self._start < self._minimum:
            return list(self._done)
        return [*self._done, Span(self._start, self._end)]

    @property
    def quiet(self) -> int:
        """Samples since the last stretch; 0 while one goes on, or before the first."""
        spans = self.all()
        return self.now - spans[-1].end if spans else 0

    def forget(self, before: int) -> None:
        """Let go of what ended before a sample."""
        self._done = [span for span in self._done if span.end > before]
        if self._start is not None:
            self._start = max(self._start, before)
