"""Something that somebody says to the satellite, while it is being said."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from satellite.audio.feed import AudioFeed
from satellite.values import SPEECH, Detection


class Utterance:
    """Something said after a wake word; `audio` streams while it is being said."""

    def __init__(self, detection: Detection | None, limit: float) -> None:
        self.id = uuid.uuid4().hex[:8]
        self.detection = detection
        """The wake word, where there was one."""
        self.answers = False
        """It is said to what the satellite has asked, if at all."""
        self.audio = AudioFeed(SPEECH.bytes_of(limit))
        """16 kHz mono, from shortly before the wake word was known to the end of the utterance."""
        self.before = 0
        """Bytes at the beginning of `audio` from before the wake word was known."""
        self.voice: int | None = None
        """Where in `audio` the voice begins, in bytes; None until one was heard."""
        self.heard = False
        """Somebody spoke. Known when `audio` has ended."""
        self.ended_mono: float | None = None
        """When it was decided that the utterance is over, monotonic seconds."""
        self._cut: Callable[[], None] = lambda: None

    def cut_by(self, cut: Callable[[], None]) -> None:
        """Say how whoever listens is told to stop."""
        self._cut = cut

    def close(self) -> None:
        """Listen no further: what was said so far is all of it. Nothing, when it is over."""
        self._cut()
