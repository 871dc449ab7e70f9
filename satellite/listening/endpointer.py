"""Endpointing: the beginning and the end of an utterance, from voice probabilities alone."""

from __future__ import annotations

from enum import Enum

from satellite.settings import ListenSettings

RATE = 16000
"""Samples per second, as every voice detector takes them."""

HYSTERESIS = 0.15
"""How far the voice probability may fall below the threshold once speech has begun (Silero's own
default)."""

WAKE_TAIL = 0.25
"""Seconds of voice right after the wake word that are still the wake word: detectors fire up to
three hops of 80 ms before the word's last sound has faded."""


class Verdict(Enum):
    """The result of a frame."""

    GO_ON = "go on"
    STARTED = "started"
    """The voice began, at `Endpointer.voice_start`."""
    ENDED = "ended"
    """The utterance is over; the voice stopped at `Endpointer.voice_end`."""
    NOTHING = "nothing"
    """The utterance is over without speech."""


class Endpointer:
    """Counts voice and silence in samples; always reaches an end.

    Push frames of `frame_samples`, from the wake word on, until it returns ENDED or NOTHING.
    """

    def __init__(
        self, settings: ListenSettings, frame_samples: int, tail: float = WAKE_TAIL
    ) -> None:
        """`tail`: seconds at the beginning whose voice may be that of the wake word."""
        self.voice_start = 0
        """Samples from the beginning to the first voice of the utterance."""
        self.voice_end = 0
        """Samples from the beginning to the end of the last voice."""
        self._settings = settings
        self._frame = frame_samples
        self._tail = tail * RATE
        self._position = 0
        self._voiced = 0
        self._started = False
        self._wanted = settings.silence
        """Seconds of the present silence that end the utterance."""

    @property
    def silence(self) -> float:
        """Seconds since the last voice."""
        return self._silence() / RATE

    def wait(self, seconds: float) -> None:
        """End the utterance after this much of the present silence; the next one is as usual."""
        self._wanted = seconds

    def push(self, probability: float) -> Verdict:
        """Take the next frame's voice probability, 0 to 1."""
        begin, self._position = self._position, self._position + self._frame
        threshold = self._settings.threshold - (HYSTERESIS if self._voiced else 0)
        if probability >= threshold:
            self._count_voice(begin)
            if not self._started and self._voiced >= self._settings.minimum * RATE:
                self._started = True
                return Verdict.STARTED
        elif self._started:
            if self._silence() >= self._wanted * RATE:
                return Verdict.ENDED
        elif self._silence() >= self._settings.silence * RATE:
            self._voiced = 0
        return self._limit()

    def _count_voice(self, begin: int) -> None:
        if not self._voiced:
            self.voice_start = begin
        self.voice_end = self._position
        self._wanted = self._settings.silence
        if self._position > self._tail:
            self._voiced += self._frame

    def _silence(self) -> int:
        return self._position - self.voice_end

    def _limit(self) -> Verdict:
        if self._position >= self._settings.maximum * RATE:
            return Verdict.ENDED if self._started else Verdict.NOTHING
        waited = self._position >= self._settings.nothing_said * RATE
        return Verdict.NOTHING if waited and not self._voiced else Verdict.GO_ON
