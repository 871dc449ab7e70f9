"""The listener: finds utterances in what the microphone hears."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from satellite import events, ports
from satellite.audio.feed import AudioFeed
from satellite.audio.ring_buffer import RingBuffer
from satellite.audio.tap import Source
from satellite.errors import EngineError, EngineFailed, WireError
from satellite.lib.containment import Containment, check_cancelled
from satellite.listening.endpointer import WAKE_TAIL
from satellite.listening.utterance import Utterance
from satellite.listening.utterance_builder import UtteranceBuilder
from satellite.listening.wake_word_end import UNDECIDED, late_wake_word_end, wake_word_end
from satellite.settings import ListenSettings
from satellite.values import SPEECH, Detection, DetectRequest

__all__ = ["Listener", "Utterance"]

_LOGGER = logging.getLogger(__name__)

MEMORY = 5.0
"""Seconds of sound remembered: longer than the delay of any detector."""

BEHIND = 2.0
"""Seconds that the wake engine may be behind before it loses the oldest sound."""

AHEAD = 0.5
"""Seconds that the wake engine is behind at most if the source can wait for it."""

STUCK = 30.0
"""Seconds after which a wake engine that takes no sound is stuck, and not slow: an emulated
processor takes 5 s for a second of sound. A source waits for it no longer."""

HOP = 0.08
"""Seconds of sound that wake engines process together: less is not worth waking them."""

ENGINE_END = 5.0
"""Seconds in which a wake engine ends its stream: the time for a second of sound on any machine
that keeps up with it."""

RETRY = 2.0
"""Seconds before a wake engine that failed is tried again: a service takes that to restart."""

LAST_WORDS = 2.0
"""Seconds of silence after a source has ended in which a wake word may still be detected."""


class Listener:
    """Owns the ring buffer and the memory of the wake and voice detectors."""

    def __init__(
        self,
        source: Source,
        wake: ports.Wake,
        vad: ports.Vad,
        settings: ListenSettings,
        publish: Callable[[events.Event], None],
        *,
        attentive: Callable[[], bool] = lambda: True,
        waits: bool = False,
        own_voice: Callable[[], bool] = lambda: False,
    ) -> None:
        """`attentive`: whether to look for wake words here; `waits`: whether the source can wait,
        so that a slow wake engine loses nothing of it; `own_voice`: whether our own speaker is
        heard now."""
        self._source = source
        self.wake = wake
        """The wake engine."""
        self._engine_used = asyncio.Event()
        """Set when the newest engine has begun to listen."""
        self._vad = vad
        self._settings = settings
        self._publish = publish
        self._attentive = attentive
        self._waits = waits
        self._own_voice = own_voice
        self._accept: Callable[[Utterance], bool] | None = None
        """Decides on each new utterance, while the listener runs."""
        self._answer_age: Callable[[Utterance], float | None] | None = None
        self._ring = RingBuffer(SPEECH.bytes_of(MEMORY))
        self._feed = AudioFeed(SPEECH.bytes_of(BEHIND), SPEECH.bytes_of(HOP))
        self._reported = 0
        self._containment = Containment("the wake engine")
        self._open: UtteranceBuilder | None = None
        self._ended: tuple[UtteranceBuilder, Utterance] | None = None
        """The last utterance, while speech that goes on may belong to it."""
        self._undecided: int | None = None
        """Position of the detection whose wake word may still go on; its sound waits."""

    def listen_now(
        self,
        detection: Detection | None = None,
        preroll: float = 0.0,
        settings: ListenSettings | None = None,
    ) -> bool:
        """Start an utterance now, with the `preroll` seconds before, without a wake word from our
        own engine. Return False while another utterance is open, or when this one is rejected.

        `settings` are those of this utterance alone.
        """
        if self._open is not None:
            return False
        return self._capture(detection, self._ring.end, preroll, now=True, settings=settings)

    async def use_engine(self, wake: ports.Wake) -> None:
        """Detect wake words with another engine, already loaded, from now on.

        Returns when the former engine has ended, or is stuck. An open utterance continues.
        """
        self.wake = wake
        self._engine_used.clear()
        self._feed.end()
        try:
            async with asyncio.timeout(ENGINE_END):
                await self._engine_used.wait()
        except TimeoutError:
            _LOGGER.warning("the former wake engine does not end")

    def recent(self, seconds: float) -> bytes:
        """Return the newest sound of `seconds`, or as much of it as is remembered."""
        return self._ring.since(self._ring.end - SPEECH.bytes_of(seconds))

    async def run(
        self,
        accept: Callable[[Utterance], bool],
        idle: Callable[[], bool],
        answer_age: Callable[[Utterance], float | None] | None = None,
    ) -> None:
        """Listen until cancelled, or until a source with an end has ended and `idle()` is true.

        `accept` is called with each new utterance and returns whether to capture it. With
        `answer_age`, an utterance may be continued after its end; it returns the seconds since the
        answer to one began to be heard, None before.
        """
        self._accept, self._answer_age = accept, answer_age
        try:
            async with asyncio.TaskGroup() as tasks:
                detecting = tasks.create_task(self._detect(), name="wake")
                try:
                    async with aclosing(self._source.frames()) as frames:
                        await self._listen(frames, idle)
                finally:
                    detecting.cancel()
        finally:
            self._accept = None

    async def _listen(self, frames: AsyncIterator[bytes], idle: Callable[[], bool]) -> None:
        quiet = 0.0
        async for audio in frames:
            self._ring.append(audio)
            if self._attentive():
                if self._waits:
                    await self._wait_for_engine()
                self._feed.put(audio)
                self._report_loss()
            else:
                self._feed.skip(len(audio))
            if self._open is not None and self._undecided is not None:
                self._decide(self._open, self._undecided)
            elif self._open is not None:
                self._continue(self._open, audio)
            elif self._ended is not None:
                self._listen_on(*self._ended, audio)
            quiet = quiet + SPEECH.seconds(audio) if self._source.finished else 0.0
            if quiet >= LAST_WORDS and self._open is None and idle():
                return

    async def _wait_for_engine(self) -> None:
        try:
            async with asyncio.timeout(STUCK):
                await self._feed.wait_for_room(SPEECH.bytes_of(AHEAD))
        except TimeoutError:
            self._waits = False
            _LOGGER.warning("the wake engine takes no sound; not waiting for it any longer")

    async def _detect(self) -> None:
        failures = offset = 0
        while True:
            detected, wake = False, self.wake
            self._engine_used.set()
            try:
                with self._containment.raising(EngineFailed):
                    async with aclosing(wake.detect(self._feed, DetectRequest())) as detections:
                        async for detection in detections:
                            detected, failures = True, 0
                            self._on_detection(detection, offset)
            except (EngineError, WireError) as error:
                failures += 1
                level = logging.WARNING if failures == 1 else logging.DEBUG
                _LOGGER.log(level, "the wake engine failed; retrying: %s", error)
                self._publish(events.Error(where="wake", text=str(error), code=error.code))
            check_cancelled()
            self._feed.end()
            # some services end their stream with a detection: go on at once
            if (failures or not detected) and wake is self.wake:
                await asyncio.sleep(RETRY)
            self._feed = AudioFeed(SPEECH.bytes_of(BEHIND), SPEECH.bytes_of(HOP))
            self._reported = 0
            offset = self._ring.end

    def _on_detection(self, detection: Detection, offset: int) -> None:
        # a wake word in an utterance without one begins another, and so does one that was taken
        # for more of the utterance before it
        taken = self._open is not None and not self._open.without_wake_word
        if (taken and not self._is_continuing()) or not self._attentive():
            return
        # the engine counts the samples that it received, not those that it was too slow for
        position = offset + self._feed.place(detection.sample * SPEECH.frame_bytes)
        self._capture(detection, position, self._settings.preroll)

    def _is_continuing(self) -> bool:
        return self._open is not None and self._open.utterance.continues is not None

    def _capture(
        self,
        detection: Detection | None,
        position: int,
        preroll: float,
        now: bool = False,
        settings: ListenSettings | None = None,
    ) -> bool:
        """`now`: do not wait for the end of a wake word that may still go on."""
        self._ended = None
        settings = settings or self._settings
        limit = settings.maximum + preroll + MEMORY
        utterance = Utterance(detection, limit)
        if self._accept is None or not self._accept(utterance):
            return False
        capturing = self._open = UtteranceBuilder(utterance, self._vad, settings)
        utterance.on_close(lambda: self._finish(capturing))
        self._undecided = None
        if detection is None or not preroll:
            self._begin(capturing, position, preroll)
        elif (ended := wake_word_end(self._before(position))) is not None:
            # the request may have begun long before a slow engine found the wake word
            self._begin(capturing, position - ended * SPEECH.frame_bytes, tail=0.0)
        elif now:
            self._begin(capturing, position, preroll)
        else:
            self._undecided = position
            self._decide(capturing, position)
        return True

    def _decide(self, capturing: UtteranceBuilder, position: int) -> None:
        """Begin an utterance once the wake word has ended, or does not end soon."""
        since = (self._ring.end - position) // SPEECH.frame_bytes
        ended = late_wake_word_end(self._ring.since(0), since)
        if ended is not None:
            self._undecided = None
            self._begin(capturing, position + ended * SPEECH.frame_bytes, tail=0.0)
        elif since >= UNDECIDED:
            self._undecided = None
            self._begin(capturing, position, self._settings.preroll)

    def _begin(
        self,
        capturing: UtteranceBuilder,
        position: int,
        preroll: float = 0.0,
        tail: float = WAKE_TAIL,
    ) -> None:
        """Begin an utterance at a position, with the `preroll` seconds before it."""
        recent = self._ring.since(position - SPEECH.bytes_of(preroll))
        late = self._ring.since(position)
        # voice detector frames end where chunks do, so that none waits for the next chunk
        frame = self._vad.frame_samples * SPEECH.frame_bytes
        late = late[len(late) % frame :]
        capturing.begin(recent[: len(recent) - len(late)], tail)
        self._continue(capturing, late)

    def _before(self, position: int) -> bytes:
        """Return the remembered sound up to a position."""
        sound = self._ring.since(0)
        return sound[: max(0, len(sound) - max(0, self._ring.end - position))]

    def _finish(self, capturing: UtteranceBuilder) -> None:
        for event in capturing.finish():
            self._publish(event)
        if self._open is capturing:
            self._open = None

    def _continue(self, capturing: UtteranceBuilder, audio: bytes) -> None:
        for event in capturing.push(audio):
            self._publish(event)
        if capturing.closed:
            self._open = None
            utterance = capturing.utterance
            continues = self._settings.by_meaning and self._answer_age is not None
            self._ended = (capturing, utterance) if continues and utterance.has_speech else None

    def _listen_on(self, ended: UtteranceBuilder, utterance: Utterance, audio: bytes) -> None:
        """Begin an utterance that continues the last one, if speech goes on soon enough."""
        if ended.is_continued(audio, self._own_voice):
            self._ended = None
            following = ended.continuing()
            if self._accept is None or not self._accept(following):
                return
            self._open = ended
            following.on_close(lambda: self._finish(ended))
            for event in ended.reopen(following):
                self._publish(event)
        elif self._answer_age is None or not ended.may_continue(self._answer_age(utterance)):
            self._ended = None

    def _report_loss(self) -> None:
        if self._feed.dropped - self._reported >= SPEECH.bytes_of(1.0):
            self._reported = self._feed.dropped
            _LOGGER.warning("the wake engine is too slow and lost a second of sound")
            self._publish(events.AudioLoss(loss="overrun", count=1))
