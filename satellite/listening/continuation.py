"""Speech that goes on after an utterance was taken for complete."""

from __future__ import annotations

from collections.abc import Callable

from satellite.audio.echo.playback_reference import UNHEARD, PlaybackReference
from satellite.listening.endpointer import HYSTERESIS, RATE
from satellite.settings import ListenSettings
from satellite.values import SPEECH

WITHIN = 2.0
"""Seconds after the decided end within which speech belongs to the utterance: pauses of people who
think are seldom longer."""

INTO_ANSWER = 1.0
"""Seconds of the answer within which it still does: people need 0.5 s to hear that they were cut
off, and to speak on."""

LOOK_BACK = 0.1
"""Seconds of the newest sound that are compared with what the speaker plays."""

OWN = 0.5
"""Part of the energy that is left after echo cancellation where a person speaks as loud as the echo
of our own voice. A canceller that has not adapted yet leaves less of a voice that is alone."""

PROOF = 0.2
"""Seconds of the answer, at least, whose echo the canceller has removed before. Until it has, what
it leaves of an answer may be as loud as a person: it has to adapt after each change in the room."""

REMOVED = 0.25
"""Part of the energy that is left, at most, of an echo that was removed."""

LATEST = SPEECH.rate // 2
"""Samples by which an echo of unknown delay is late at most."""

_LOUD = 100
"""Peak (of 32768) of the played sound below which it is inaudible."""


class Continuation:
    """Counts voice, in samples, from the end of an utterance on."""

    def __init__(self, settings: ListenSettings, frame_samples: int) -> None:
        self._settings = settings
        self._frame = frame_samples
        self._position = 0
        self._voiced = 0
        self._silent = 0

    def push(self, probability: float, own_voice: Callable[[], bool]) -> bool:
        """Take the next frame's voice probability; return whether speech goes on.

        `own_voice` returns whether our own speaker is heard now.
        """
        self._position += self._frame
        threshold = self._settings.threshold - (HYSTERESIS if self._voiced else 0)
        if probability >= threshold and not own_voice():
            self._voiced, self._silent = self._voiced + self._frame, 0
        else:
            self._silent += self._frame
            if self._silent >= self._settings.silence * RATE:
                self._voiced = 0
        return self._voiced > 0 and self._voiced >= self._settings.minimum * RATE

    def is_over(self, answer_age: float | None) -> bool:
        """Return whether later speech is not waited for, unless there is a voice just now.

        `answer_age`: seconds since the answer began to be heard; None before. Later in an answer,
        a voice is that of a person who interrupts it with the wake word.
        """
        if self._voiced:
            return False
        if answer_age is not None:
            return answer_age > INTO_ANSWER
        return self._position >= WITHIN * RATE


def hears_itself(reference: PlaybackReference) -> bool:
    """Return whether the newest sound of the microphone may be that of our own speaker.

    Without echo cancellation that has proved itself, it may whenever something is played.
    """
    now, look_back = reference.now, int(LOOK_BACK * SPEECH.rate)
    first = now - look_back - (LATEST if reference.delay is None else reference.delay + UNHEARD)
    played = memoryview(reference.take(first, now - first)).cast("h")
    if max(map(abs, played), default=0) < _LOUD:
        return False
    left = reference.residual(now - look_back, now)
    if reference.delay is None or left is None or left < OWN:
        return True
    return not _is_removed(reference, now - look_back)


def _is_removed(reference: PlaybackReference, before: int) -> bool:
    """Return whether the echo of an answer was removed in its time up to a position."""
    proof, earliest = int(PROOF * SPEECH.rate), before - int(INTO_ANSWER * SPEECH.rate)
    found = (
        reference.residual(last - proof, last)
        for last in range(before, earliest, -int(LOOK_BACK * SPEECH.rate))
    )
    return any(left is not None and left <= REMOVED for left in found)
