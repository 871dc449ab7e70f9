"""An utterance: something that a person says to the satellite, while it is being said."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from satellite.audio.feed import AudioFeed
from satellite.listening.people.recognition import VoiceCheck
from satellite.values import SPEECH, Detection, Extent


class Utterance:
    """Speech after a wake word or a question; `audio` streams while it is being said."""

    def __init__(
        self, detection: Detection | None, limit: float, *, text: str | None = None
    ) -> None:
        """`limit`: seconds of sound that `audio` holds; `text`: what is written, not spoken."""
        self.id = uuid.uuid4().hex[:8]
        self.detection = detection
        """The wake word; None for an utterance without one."""
        self.text = text
        """The request, where it is written: `audio` is then not read."""
        self.continues: str | None = None
        """The id of the utterance that this one continues: `audio` begins with the sound of that.
        """
        self.is_answer = False
        """It answers a question of the satellite, if anything is said."""
        self.answers: tuple[str, ...] = ()
        """Expected answers to that question."""
        self.limit = limit
        self.audio = AudioFeed(SPEECH.bytes_of(limit))
        """16 kHz mono, from shortly before the wake word was known to the end of the utterance."""
        self.before = 0
        """Bytes at the beginning of `audio` from before the wake word was known."""
        self.voice: int | None = None
        """Where in `audio` the voice begins, in bytes; None until then."""
        self.voice_until = 0.0
        """Seconds of `audio` to the end of its last voice so far."""
        self.has_speech = False
        """Whether it has speech. Known when `audio` has ended."""
        self.ended_mono: float | None = None
        """When its end was decided, in monotonic seconds."""
        self.silent_mono: float | None = None
        """When its last voice stopped, in monotonic seconds. Known when `audio` has ended."""
        self.extent = Extent.UNKNOWN
        """Extent of the text up to the present pause, or to the end, as far as it is known."""
        self.voice_check: VoiceCheck | None = None
        """Recognizes the person who speaks, where that is wanted."""
        self._on_close: Callable[[], None] = lambda: None
        self._on_wait: Callable[[float, float, Extent], None] = lambda seconds, until, extent: None
        self._on_pause: Callable[[bytes], None] | None = None

    def on_close(self, stop: Callable[[], None]) -> None:
        """Register the callback that stops the capture."""
        self._on_close = stop

    def detach(self) -> None:
        """Leave the capture to the utterance that continues this one."""
        self._on_close = lambda: None
        self._on_wait = lambda seconds, until, extent: None
        self._on_pause = None

    def on_pause(self, look: Callable[[bytes], None]) -> None:
        """Register a callback that gets the newest sound of each pause, 16 kHz mono, once."""
        self._on_pause = look

    def pause(self, sound: Callable[[], bytes]) -> None:
        """Report a pause of `LOOK` seconds."""
        if self._on_pause is not None:
            self._on_pause(sound())

    def on_wait(self, wait: Callable[[float, float, Extent], None]) -> None:
        """Register the callback of `wait`."""
        self._on_wait = wait

    def wait(self, seconds: float, until: float, extent: Extent) -> None:
        """End the utterance after this much of the present silence, because of the extent of what
        was said. Does nothing if there was a voice after `until`, in seconds of `audio`."""
        self._on_wait(seconds, until, extent)

    def close(self) -> None:
        """End the utterance with what was said so far. Does nothing once it is over."""
        self._on_close()
