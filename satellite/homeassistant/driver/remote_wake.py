"""The microphone's sound on its way to Home Assistant's wake service."""

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
from satellite.homeassistant.driver.driven_turn import NOT_UNDERSTOOD, NOTHING_HEARD, microphone
from satellite.homeassistant.driver.link import DriverLink
from satellite.net.messages import read
from satellite.ports import Vad
from satellite.settings import Settings
from satellite.turns.activity import Activity
from satellite.values import SPEECH, Detection

_LOGGER = logging.getLogger(__name__)

BEFORE = 0.5
"""Seconds sent from before the voice was noticed: its first sounds are the quietest."""

AFTER = 1.5
"""Seconds sent after the voice: wake words are known some 0.3 s late, and have gaps."""

CONFIRMED = 2.0
"""Seconds of sound within which a run that was asked for says that it listens, or it was lost."""

ENDED = 0.5
"""Seconds of sound within which a run ends that was told to; it says so, as a rule at once."""

AGAIN_FIRST = 1.0
"""Seconds of sound before a run that failed is asked for again."""

AGAIN_MOST = 30.0
"""Seconds of sound before it is asked for again and again."""


class WakeStream:
    """Has Home Assistant listen for wake words; all its times are counted in samples."""

    def __init__(
        self, settings: Settings, vad: Vad, current: CurrentLink, activity: Activity
    ) -> None:
        self._current = current
        self._activity = activity
        where = settings.homeassistant.wake if settings.brain != "local" else "here"
        self._elsewhere = where != "here"
        self._gate = _Gate(vad, settings.listen.threshold) if where == "voice" else None
        self._asked: DriverLink | None = None
        """Whom a run was asked for that stands."""
        self._confirmed = False
        self._stuck = False
        """Home Assistant may still have a run of before, which hears nothing and must end first."""
        self._wait = 0
        """Bytes of sound to go by before a run is asked for, or asked for again."""
        self._failures = 0

    @property
    def active(self) -> bool:
        """Wake words are Home Assistant's to hear."""
        return self._elsewhere and self._current.driving is not None

    def hear(self, audio: bytes) -> None:
        """Take what the microphone has heard, and pass on what shall be."""
        link = self._current.driving if self._elsewhere else None
        if link is None:
            self._asked, self._wait = None, 0
            return
        if not self._activity.quiet:
            return
        self._wait = max(0, self._wait - len(audio))
        if not self._wait and (self._asked is not link or not self._confirmed):
            self._ask(link)
        if self._asked is link:
            for part in self._gate.pass_on(audio) if self._gate else (audio,):
                link.send(microphone(part))

    def muted(self) -> None:
        """Home Assistant was told to mute this satellite: it then begins a run that it forgets."""
        self._asked, self._stuck = None, True

    def over(self) -> None:
        """A run of another kind was asked for, after which this one does not stand any more."""
        self._asked = None

    def take(self, event: Event) -> Detection | None:
        """Take an event about the run; return the wake word that it reports. Raises `BadFrame`."""
        if Detect.is_type(event.type):
            self._confirmed = True
        elif Heard.is_type(event.type):
            self._failures = 0
            word = read(Heard, event).name or "unknown"
            return Detection(word=word, score=1.0, sample=0)
        elif Error.is_type(event.type) and self._elsewhere:
            self._fail(event)
        return None

    def _fail(self, event: Event) -> None:
        """The run is over, also one that shall begin anew by itself."""
        self._asked = None
        if self._activity.quiet and event.data.get("code") not in (*NOTHING_HEARD, NOT_UNDERSTOOD):
            seconds = min(AGAIN_FIRST * 2**self._failures, AGAIN_MOST)
            level = logging.DEBUG if self._failures else logging.WARNING
            _LOGGER.log(level, "Home Assistant listens no more: %s", event.data.get("text"))
            self._failures = min(self._failures + 1, 10)
            self._wait = SPEECH.bytes_of(seconds)
        else:
            self._wait = 0

    def _ask(self, link: DriverLink) -> None:
        if self._stuck or self._asked is link:
            link.send(AudioStop().event())
            self._asked, self._stuck = None, False
            self._wait = SPEECH.bytes_of(ENDED)
            return
        run = RunPipeline(PipelineStage.WAKE, PipelineStage.TTS, restart_on_end=True)
        link.send(run.event())
        self._asked, self._confirmed = link, False
        self._wait = SPEECH.bytes_of(CONFIRMED)


class _Gate:
    """Lets sound through while somebody speaks, and shortly before and after."""

    def __init__(self, vad: Vad, threshold: float) -> None:
        self._vad = vad
        self._threshold = threshold
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._rest = bytearray()
        self._before = RingBuffer(SPEECH.bytes_of(BEFORE))
        self._sent = 0
        """Position in the ring after what was let through."""
        self._open = 0
        """Bytes that are still let through."""

    def pass_on(self, audio: bytes) -> list[bytes]:
        """What is let through now that this was heard."""
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
