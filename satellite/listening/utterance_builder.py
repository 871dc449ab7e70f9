"""How an utterance is captured: what belongs to it, and when it is over."""

from __future__ import annotations

import time

from satellite import events, ports
from satellite.listening.endpointer import Endpointer, Verdict
from satellite.listening.utterance import Utterance
from satellite.settings import ListenSettings
from satellite.values import SPEECH


class UtteranceBuilder:
    """An utterance that is being said: its voice detector frames and its end."""

    def __init__(self, utterance: Utterance, vad: ports.Vad, settings: ListenSettings) -> None:
        self.closed = False
        self.uncalled = utterance.detection is None
        """No wake word was said before it."""
        self._utterance = utterance
        self._vad = vad
        self._endpointer = Endpointer(settings, vad.frame_samples)
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._rest = bytearray()
        self._taken = 0
        vad.reset()

    def take(self, audio: bytes) -> list[events.Event]:
        """Hear more of it; say what that decided."""
        said: list[events.Event] = []
        self._rest += audio
        while len(self._rest) >= self._frame and not self.closed:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._taken += self._vad.frame_samples
            self._utterance.audio.put(frame)
            said.extend(self._judge(self._endpointer.push(self._vad.probability(frame))))
        return said

    def cut(self) -> list[events.Event]:
        """End it now, unless it is over; say what that decided."""
        if self.closed:
            return []
        started = self._utterance.voice is not None
        self.close(heard=started)
        return [self._end()] if started else []

    def close(self, heard: bool) -> None:
        """End the utterance."""
        self.closed = True
        self._utterance.heard = heard
        self._utterance.ended_mono = time.monotonic()
        self._utterance.audio.end()

    def _judge(self, verdict: Verdict) -> list[events.Event]:
        point = self._endpointer
        if verdict is Verdict.STARTED:
            start = point.voice_start * SPEECH.frame_bytes
            self._utterance.voice = self._utterance.before + start
            return [events.SpeechStart(**self._stamp(point.voice_start), turn=self._utterance.id)]
        if verdict is Verdict.ENDED:
            self.close(heard=True)
            return [self._end()]
        if verdict is Verdict.NOTHING:
            self.close(heard=False)
        return []

    def _end(self) -> events.Event:
        return events.SpeechEnd(
            **self._stamp(self._endpointer.voice_end),
            decided=time.time(),
            decided_mono=time.monotonic(),
            turn=self._utterance.id,
        )

    def _stamp(self, sample: int) -> dict[str, float]:
        # the newest sample was heard just now; the moment asked for lies that many samples back
        ago = self._taken + len(self._rest) / SPEECH.frame_bytes - sample
        seconds = ago / SPEECH.rate
        return {"time": time.time() - seconds, "mono": time.monotonic() - seconds}
