"""Wake words detected by Home Assistant, which receives the microphone's sound."""

from __future__ import annotations

import logging

from wyoming.audio import AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.wake import Detect
from wyoming.wake import Detection as Heard

from satellite.audio.ring_buffer import RingBuffer
from satellite.homeassistant.driver.current_link import CurrentLink
from satellite.homeassistant.driver.driven_turn import NOT_UNDERSTOOD, NOTHING_HEARD, audio_event
from satellite.homeassistant.driver.link import DriverLink
from satellite.net.messages import read
from satellite.ports import Vad
from satellite.settings import Settings
from satellite.turns.activity import Activity
from satellite.values import SPEECH, Detection

_LOGGER = logging.getLogger(__name__)

BEFORE = 0.5
"""Seconds of sound sent from before the voice was detected: its first sounds are the quietest."""

AFTER = 1.5
"""Seconds of sound sent after the voice: wake words are detected some 0.3 s late, and have gaps."""

CONFIRMED = 2.0
"""Seconds of sound within which a requested run confirms that it listens; otherwise it was lost."""

ENDED = 0.5
"""Seconds of sound within which a run ends on request; it usually ends at once."""

AGAIN_FIRST = 1.0
"""Seconds of sound before a failed run is requested again for the first time."""

AGAIN_MOST = 30.0
"""Longest time in seconds of sound between later requests."""


class WakeStream:
    """Has Home Assistant detect wake words; all its times are counted in samples."""

    def __init__(
        self, settings: Settings, vad: Vad, current: CurrentLink, activity: Activity
    ) -> None:
        self._current = current
        self._activity = activity
        where = settings.homeassistant.wake if settings.brain != "local" else "here"
        self._enabled = where != "here"
        self._gate = _Gate(vad, settings.listen.threshold) if where == "voice" else None
        self._requested: DriverLink | None = None
        """The connection with a requested run that is still valid."""
        self._confirmed = False
        self._stuck = False
        """Home Assistant may still have an earlier run, which gets no sound and must end first."""
        self._wait = 0
        """Bytes of sound to pass before a run is requested, or requested again."""
        self._failures = 0

    @property
    def active(self) -> bool:
        """Whether Home Assistant detects the wake words."""
        return self._enabled and self._current.driving is not None

    def hear(self, audio: bytes) -> None:
        """Take the next sound of the microphone, and send it if Home Assistant is to receive it."""
        link = self._current.driving if self._enabled else None
        if link is None:
            self._requested, self._wait = None, 0
            return
        if not self._activity.quiet:
            return
        self._wait = max(0, self._wait - len(audio))
        if not self._wait and (self._requested is not link or not self._confirmed):
            self._request(link)
        if self._requested is link:
            for part in self._gate.pass_on(audio) if self._gate else (audio,):
                link.send(audio_event(part))

    def reset(self) -> None:
        """End the run of Home Assistant, which begins one that it forgets when it mutes us."""
        self._requested, self._stuck = None, True

    def invalidate(self) -> None:
        """Forget the run, which ended because one of another kind was requested."""
        self._requested = None

    def handle(self, event: Event) -> Detection | None:
        """Apply an event about the run; return the wake word that it reports. Raises `BadFrame`."""
        if Detect.is_type(event.type):
            self._confirmed = True
        elif Heard.is_type(event.type):
            self._failures = 0
            word = read(Heard, event).name or "unknown"
            return Detection(word=word, score=1.0, sample=0)
        elif Error.is_type(event.type) and self._enabled:
            self._fail(event)
        return None

    def _fail(self, event: Event) -> None:
        """Note that the run has ended, even one that restarts by itself."""
        self._requested = None
        if self._activity.quiet and event.data.get("code") not in (*NOTHING_HEARD, NOT_UNDERSTOOD):
            seconds = min(AGAIN_FIRST * 2**self._failures, AGAIN_MOST)
            level = logging.DEBUG if self._failures else logging.WARNING
            _LOGGER.log(
                level, "Home Assistant stopped detecting wake words: %s", event.data.get("text")
            )
            self._failures = min(self._failures + 1, 10)
            self._wait = SPEECH.bytes_of(seconds)
        else:
            self._wait = 0

    def _request(self, link: DriverLink) -> None:
        if self._stuck or self._requested is link:
            link.send(AudioStop().event())
            self._requested, self._stuck = None, False
            self._wait = SPEECH.bytes_of(ENDED)
            return
        run = RunPipeline(PipelineStage.WAKE, PipelineStage.TTS, restart_on_end=True)
        link.send(run.event())
        self._requested, self._confirmed = link, False
        self._wait = SPEECH.bytes_of(CONFIRMED)


class _Gate:
    """Passes sound during speech, and shortly before and after it."""

    def __init__(self, vad: Vad, threshold: float) -> None:
        self._vad = vad
        self._threshold = threshold
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._rest = bytearray()
        self._before = RingBuffer(SPEECH.bytes_of(BEFORE))
        self._sent = 0
        """Position in the ring after the sound that was passed."""
        self._open = 0
        """Bytes that are still to be passed."""

    def pass_on(self, audio: bytes) -> list[bytes]:
        """Take the next sound; return the parts that pass."""
        self._rest += audio
        parts = []
        while len(self._rest) >= self._frame:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._before.append(frame)
            if self._vad.probability(frame) >= self._threshold:
                self._open = SPEECH.bytes_of(AFTER)
            if self._open > 0:
                self._open -= len(frame)
                parts.append(self._before.since(self._sent))
                self._sent = self._before.end
        return parts
