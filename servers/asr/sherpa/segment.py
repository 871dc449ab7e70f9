"""A stretch of an utterance: where its voice begins and ends, and when it is long enough."""

from __future__ import annotations

from typing import Protocol

from satellite.values import SPEECH

FRAME = 512
"""Samples (16 kHz) that are judged at once: 32 ms."""
LEAST_VOICE = 3
"""Frames of voice, about a tenth of a second, below which nothing can have been said."""
PAUSE = 0.6
"""Seconds of silence at which a long stretch is cut: more than between two words."""
LONGEST = 28.0
"""Seconds of voice after which a stretch is cut wherever it is, for a model that needs all of it at
once: Whisper takes 30."""
LONG = 15.0
"""Seconds after which such a stretch is cut at its next pause."""
LONGEST_STREAM = 300.0
"""The same for a streaming model, which only collects tokens and features."""
LONG_STREAM = 30.0
"""The same."""
LEAD = 0.4
"""Seconds before a voice that belong to it: Silero notices soft consonants late."""
TRAIL = 0.4
"""Seconds behind a voice that belong to it, after which it is decoded in case that it has ended."""


class Detector(Protocol):
    """What detects voices, as `satellite.ports.Vad`."""

    def probability(self, frame: bytes) -> float:
        """Return how likely a frame holds speech."""


class AllIsVoice:
    """Treats all sound as voice, in place of a detector."""

    def probability(self, frame: bytes) -> float:
        return 1.0


class Segment:
    """Counts the frames of one stretch."""

    def __init__(self, detector: Detector, threshold: float, streaming: bool) -> None:
        self._detector = detector
        self._threshold = threshold
        self._long = LONG_STREAM if streaming else LONG
        self._longest = LONGEST_STREAM if streaming else LONGEST
        self.now = 0
        """Samples so far."""
        self.begin: int | None = None
        """First sample of the voice; None without one."""
        self.end = 0
        """Last sample of the voice, exclusive."""
        self._frames = 0

    def add(self, frame: bytes) -> None:
        """Judge the next frame, filled up with silence if it is the last one."""
        samples = len(frame) // 2
        voice = self._detector.probability(frame.ljust(2 * FRAME, b"\0")) >= self._threshold
        if voice:
            self._frames += 1
            if self.begin is None:
                self.begin = self.now
        self.now += samples
        if voice:
            self.end = self.now
        elif self.begin is not None and not self.voiced and self.quiet >= PAUSE:
            self.begin, self._frames = None, 0  # a click

    @property
    def voiced(self) -> bool:
        """Whether it holds speech."""
        return self._frames >= LEAST_VOICE

    @property
    def quiet(self) -> float:
        """Seconds since the voice."""
        return (self.now - self.end) / SPEECH.rate

    @property
    def complete(self) -> bool:
        """Whether it is to be cut here."""
        length = (self.now - (self.begin or 0)) / SPEECH.rate
        if self.begin is None:
            return self.now / SPEECH.rate >= self._long
        return length >= self._longest or (length >= self._long and self.quiet >= PAUSE)

    def span(self) -> tuple[int, int]:
        """Return the first and the last sample, exclusive, of the voice and what belongs to it."""
        begin = max(0, (self.begin or 0) - round(LEAD * SPEECH.rate))
        return begin, min(self.now, self.end + round(TRAIL * SPEECH.rate))
