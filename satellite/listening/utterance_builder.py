"""The capture of an utterance: its sound and its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from satellite import events, ports
from satellite.listening.continuation import Continuation
from satellite.listening.endpointer import WAKE_TAIL, Endpointer, Verdict
from satellite.listening.utterance import Utterance
from satellite.settings import ListenSettings
from satellite.values import SPEECH, Extent

LOOK = 0.2
"""Seconds of silence after which a pause is reported: later, silence itself sounds like the end."""

LOOK_BACK = 8.0
"""Seconds of the newest sound that are reported with it."""


class UtteranceBuilder:
    """Fills an utterance that is being said, frame by frame of the voice detector, and ends it."""

    def __init__(
        self,
        utterance: Utterance,
        vad: ports.Vad,
        settings: ListenSettings,
    ) -> None:
        self.closed = False
        self.without_wake_word = utterance.detection is None
        self._utterance = utterance
        self._vad = vad
        self._settings = settings
        self._endpointer = Endpointer(settings, vad.frame_samples)
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._rest = bytearray()
        self._taken = 0
        self._sound = bytearray()
        """The sound so far, for an utterance that continues this one."""
        self._looked = False
        """Whether the present pause was reported."""
        self._continuation: Continuation | None = None
        utterance.on_wait(self._wait)
        vad.reset()

    @property
    def utterance(self) -> Utterance:
        """The utterance that is being filled."""
        return self._utterance

    def begin(self, before: bytes, tail: float = WAKE_TAIL) -> None:
        """Begin with the sound before the utterance, which is not judged.

        `tail`: seconds after it whose voice may be that of the wake word.
        """
        self._utterance.before = len(before)
        self._put(before)
        self._endpointer = Endpointer(self._settings, self._vad.frame_samples, tail)

    def push(self, audio: bytes) -> list[events.Event]:
        """Add the next sound; return the events that it causes."""
        found: list[events.Event] = []
        self._rest += audio
        while len(self._rest) >= self._frame and not self.closed:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._taken += self._vad.frame_samples
            self._put(frame)
            found.extend(self._judge(self._endpointer.push(self._vad.probability(frame))))
            if not self._endpointer.silence:
                self._looked = False
                self._utterance.extent = Extent.UNKNOWN
                before = self._utterance.before / SPEECH.frame_bytes
                end = (before + self._endpointer.voice_end) / SPEECH.rate
                self._utterance.voice_until = end
            elif self._endpointer.silence >= LOOK and not self._looked and not self.closed:
                self._looked = True
                if self._utterance.voice is not None:
                    self._utterance.pause(self._recent)
        return found

    def _recent(self) -> bytes:
        return bytes(self._sound[-SPEECH.bytes_of(LOOK_BACK) :])

    def is_continued(self, audio: bytes, own_voice: Callable[[], bool]) -> bool:
        """Add the sound after the end of the utterance; return whether speech goes on in it.

        `own_voice` returns whether our own speaker is heard now.
        """
        if self._continuation is None:
            self._continuation = Continuation(self._settings, self._vad.frame_samples)
        self._rest += audio
        while len(self._rest) >= self._frame:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._taken += self._vad.frame_samples
            self._sound += frame
            probability = self._vad.probability(frame)
            self._endpointer.push(probability)
            if self._continuation.push(probability, own_voice):
                return True
        return False

    def may_continue(self, answer_age: float | None) -> bool:
        """Return whether speech that goes on would belong to the utterance; see `Continuation`."""
        return self._continuation is None or not self._continuation.is_over(answer_age)

    def continuing(self) -> Utterance:
        """Return the utterance that continues this one, with all of its sound."""
        before = self._utterance
        utterance = Utterance(before.detection, before.limit)
        utterance.continues = before.id
        utterance.before, utterance.voice = before.before, before.voice
        utterance.voice_until = before.voice_until
        utterance.audio.put(bytes(self._sound))
        return utterance

    def reopen(self, utterance: Utterance) -> list[events.Event]:
        """Go on with what `continuing` returned; return the events that this causes."""
        self._utterance.detach()
        self._utterance, self._continuation, self.closed = utterance, None, False
        utterance.on_wait(self._wait)
        start = self._stamp(self._endpointer.voice_start)
        return [events.SpeechStart(**start, turn=utterance.id)]

    def finish(self) -> list[events.Event]:
        """End it now, unless it is over; return the events that this causes."""
        if self.closed:
            return []
        started = self._utterance.voice is not None
        self.close(has_speech=started)
        return [self._end()] if started else []

    def _put(self, sound: bytes) -> None:
        self._utterance.audio.put(sound)
        self._sound += sound

    def close(self, has_speech: bool) -> None:
        """End the utterance."""
        self.closed = True
        self._utterance.has_speech = has_speech
        now = time.monotonic()
        self._utterance.ended_mono = now
        self._utterance.silent_mono = now - self._endpointer.silence
        self._utterance.audio.end()

    def _wait(self, seconds: float, until: float, extent: Extent) -> None:
        wanted = self._settings.by_meaning and self._utterance.voice_until <= until
        if wanted and not self.closed:
            self._utterance.extent = extent
            self._endpointer.wait(seconds)

    def _judge(self, verdict: Verdict) -> list[events.Event]:
        point = self._endpointer
        if verdict is Verdict.STARTED:
            start = point.voice_start * SPEECH.frame_bytes
            self._utterance.voice = self._utterance.before + start
            return [events.SpeechStart(**self._stamp(point.voice_start), turn=self._utterance.id)]
        if verdict is Verdict.ENDED:
            self.close(has_speech=True)
            return [self._end()]
        if verdict is Verdict.NOTHING:
            self.close(has_speech=False)
        return []

    def _end(self) -> events.Event:
        return events.SpeechEnd(
            **self._stamp(self._endpointer.voice_end),
            decided=time.time(),
            decided_mono=time.monotonic(),
            extent=self._utterance.extent.value,
            turn=self._utterance.id,
        )

    def _stamp(self, sample: int) -> dict[str, float]:
        # the newest sample was recorded just now; `sample` lies this many samples before it
        ago = self._taken + len(self._rest) / SPEECH.frame_bytes - sample
        seconds = ago / SPEECH.rate
        return {"time": time.time() - seconds, "mono": time.monotonic() - seconds}
