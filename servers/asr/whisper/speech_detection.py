"""Detection of voices in sound."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

FRAME = 512
"""Samples (16 kHz) of one of Silero's frames: 32 ms."""
CONTEXT = 64
"""Samples before a frame that Silero receives with it."""
BLOCK = 8
"""Frames per call. A fixed number, because larger calls may round differently. Where pauses are
wanted as soon as they begin, calls have one."""
HYSTERESIS = 0.15
"""A voice goes on while its probability is at most this far below the threshold, as in Silero's
code."""
PAUSE = 4
"""Frames (128 ms) below that which end a stretch of voice; shorter pauses are part of speech."""

Floats = npt.NDArray[np.float32]


class Detector(Protocol):
    """Distinguishes voices from other sounds, with a memory of earlier sound."""

    def judge(self, block: Floats) -> list[float]:
        """Return the voice probability of each frame of a block of whole frames, -1 to 1."""


class Silero:
    """The Silero model that ships with faster-whisper, one for each utterance.

    The session is shared. Blocks take a tenth of the work of single frames.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(CONTEXT, np.float32)

    def judge(self, block: Floats) -> list[float]:
        frames = block.reshape(-1, FRAME)
        contexts = np.vstack((self._before, frames[:-1, -CONTEXT:]))
        inputs = {"input": np.hstack((contexts, frames)), "h": self._h, "c": self._c}
        output, self._h, self._c = self._session.run(None, inputs)
        self._before = frames[-1, -CONTEXT:].copy()
        return [float(probability) for probability in np.ravel(output)]


class NoDetector:
    """Treats all sound as voice, in place of a detector."""

    def judge(self, block: Floats) -> list[float]:
        return [1.0] * (len(block) // FRAME)


class Span(msgspec.Struct, frozen=True):
    """A stretch of voice: samples from the beginning of the audio."""

    start: int
    end: int


class Spans:
    """Combines probabilities, frame by frame, into stretches of voice."""

    def __init__(self, threshold: float, minimum: int) -> None:
        """`minimum`: fewest samples of a stretch."""
        self._threshold = threshold
        self._minimum = minimum
        self._done: list[Span] = []
        self._start: int | None = None
        self._end = 0
        self.now = 0
        """Samples processed."""

    def add(self, probability: float) -> None:
        """Add the next frame."""
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
        """Return the stretches so far, including one that has not ended."""
        if self._start is None or self._end - self._start < self._minimum:
            return list(self._done)
        return [*self._done, Span(self._start, self._end)]

    @property
    def quiet(self) -> int:
        """Samples since the last stretch; 0 during a stretch and before the first one."""
        spans = self.all()
        return self.now - spans[-1].end if spans else 0

    def drop(self, before: int) -> None:
        """Drop the stretches that ended before a sample."""
        self._done = [span for span in self._done if span.end > before]
        if self._start is not None:
            self._start = max(self._start, before)
