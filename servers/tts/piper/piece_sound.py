"""The sound of a piece of text, made in parts that are ready in time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from servers.tts.piper.level import Level
from servers.tts.piper.network import Sentence

FIRST = 0.25
"""Seconds of the first part, at least: a shorter one ends before the next is made."""

SHARE = 0.5
"""Share of the available time to use, so that a part may take twice as long as expected."""

LONGEST = 0.25
"""Seconds of work for the longest part, about: others wait for it."""

WORTHWHILE = 1.0
"""Seconds of sound of the shortest part that is cut for that: its margins take a fifth of them with
voices of medium quality."""

FULL_SCALE = 32767
"""The largest sample."""

_WEIGHT = 0.3
"""Weight of the last part's time against that of all earlier ones."""


class Pace:
    """The measured seconds of work for a second of sound, on any thread."""

    def __init__(self) -> None:
        self.ratio: float | None = None
        """None before the first measurement."""

    def add(self, sound: float, work: float) -> None:
        """Count seconds of sound, and of the work that they took."""
        ratio = work / sound
        self.ratio = ratio if self.ratio is None else self.ratio + _WEIGHT * (ratio - self.ratio)

    def first(self, margin: float) -> float:
        """Return the seconds of sound of the first part, in whose playback a second one of the same
        length can be made with its two margins; infinity where no length is enough."""
        if self.ratio is None or self.ratio >= SHARE:
            return float("inf")
        return max(FIRST, 2 * margin * self.ratio / (SHARE - self.ratio))

    def fitting(self, seconds: float, margin: float) -> float:
        """Return the seconds of sound that can be made with two margins in a time; infinity as
        above."""
        if self.ratio is None or self.ratio >= SHARE:
            return float("inf")
        return SHARE * seconds / self.ratio - 2 * margin

    def longest(self, margin: float) -> float:
        """Return the seconds of sound that can be made with two margins in `LONGEST`; infinity
        as above, where pauses between parts would be heard."""
        if self.ratio is None or self.ratio >= SHARE:
            return float("inf")
        return max(WORTHWHILE, LONGEST / self.ratio - 2 * margin)


class PieceSound:
    """The sound of a piece of text, signed 16-bit samples. Use from one thread at a time."""

    def __init__(
        self,
        sentences: Sequence[Callable[[], Sentence]],
        level: Level,
        pace: Pace,
        rate: int,
        volume: float = 1.0,
    ) -> None:
        """Each of `sentences` begins one; `rate` in Hz; `volume` as a factor."""
        self._waiting = deque(sentences)
        self._sentence: Sentence | None = None
        self._position = 0
        self._level = level
        self._sentence_level = level.sentence()
        self._pace = pace
        self._rate = rate
        self._volume = volume
        self.seconds = 0.0
        """Seconds of work so far."""

    @property
    def done(self) -> bool:
        """Whether all sound was taken."""
        return self._sentence is None and not self._waiting

    def take(self, ahead: Callable[[], float] | None) -> bytes:
        """Return the next part, which may be empty.

        `ahead` returns the seconds of earlier sound that are still to be played. None: nothing is
        played, and the first part is as short as makes sense.
        """
        began = time.monotonic()
        if self._sentence is None and self._waiting:
            self._sentence, self._position = self._waiting.popleft()(), 0
            self._sentence_level = self._level.sentence()
            if self._sentence.in_parts and time.monotonic() - began > LONGEST / 2:
                self.seconds += time.monotonic() - began
                return b""  # long enough for one part
        samples = np.zeros(0, np.float32)
        if (sentence := self._sentence) is not None:
            end = self._position + self._frames(sentence, None if ahead is None else ahead())
            samples = self._sentence_level.apply(self._make(sentence, end))
            if end == sentence.frames:
                self._sentence_level.finish()
                self._sentence = None
            self._position = end
        self.seconds += time.monotonic() - began
        pcm = (np.clip(samples * self._volume, -1, 1) * FULL_SCALE).astype("<i2")
        return bytes(pcm.tobytes())

    def _frames(self, sentence: Sentence, ahead: float | None) -> int:
        """Return how many frames to make now."""
        left = sentence.frames - self._position
        if not sentence.in_parts:
            return left
        frame = sentence.hop / self._rate
        margin = sentence.margin * frame
        if ahead is None:
            seconds = self._pace.first(margin)
        else:
            seconds = max(FIRST, self._pace.fitting(ahead, margin))
        seconds = min(seconds, self._pace.longest(margin))
        if seconds >= (left - sentence.margin) * frame:  # the margin would have to be made twice
            return left
        return max(1, int(seconds / frame))

    def _make(self, sentence: Sentence, end: int) -> Any:
        began = time.monotonic()
        samples = sentence.samples(self._position, end)
        margin = sentence.margin
        made = min(end + margin, sentence.frames) - max(0, self._position - margin)
        if sentence.in_parts and made:
            self._pace.add(made * sentence.hop / self._rate, time.monotonic() - began)
        return samples
