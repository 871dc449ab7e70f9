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
from satellite.errors import EngineError, WireError
from satellite.listening.utterance import Utterance
from satellite.listening.utterance_builder import UtteranceBuilder
from satellite.settings import ListenSettings
from satellite.values import SPEECH, Detection, DetectRequest

__all__ = ["Listener", "Utterance"]

_LOGGER = logging.getLogger(__name__)

MEMORY = 5.0
"""Seconds of sound remembered: longer than any detector is late."""

BEHIND = 2.0
"""Seconds the wake detector may be behind before the oldest sound is lost to it."""

AHEAD = 0.5
"""Seconds that the wake detector is behind at most where the source can wait for it."""

STUCK = 30.0
"""Seconds in which a wake engine that took nothing is stuck, and not slow: an emulated processor
takes 5 for a second of sound. A source waits for it no longer."""

HOP = 0.08
"""Seconds of sound that wake engines look at together: there is no use in waking them for less."""

LETS_GO = 5.0
"""Seconds in which a wake engine ends its stream: the work on a second of sound, on any machine
that keeps up with it."""

RETRY = 2.0
"""Seconds before a wake engine that failed is tried again: a service takes that to restart."""

LAST_WORDS = 2.0
"""Seconds of silence heard after a source has ended: as long as a wake word takes to be found."""


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
    ) -> None:
        """`attentive`: whether to look for wake words here; `waits`: whether the source can wait,
        so that a slow wake engine loses nothing of it."""
        self._source = source
        self.wake = wake
        """What finds wake words."""
        self._let_go = asyncio.Event()
        """Set when another engine than before is listening."""
        self._vad = vad
        self._settings = settings
        self._publish = publish
        self._attentive = attentive
        self._waits = waits
        self._accept: Callable[[Utterance], bool] | None = None
        """Decides on each new utterance, while the listener runs."""
        self._ring = RingBuffer(SPEECH.bytes_of(MEMORY))
        self._feed = AudioFeed(SPEECH.bytes_of(BEHIND), SPEECH.bytes_of(HOP))
        self._reported = 0
        self._unheard = 0
        """Bytes that the wake engine was not given since its stream began."""
        self._open: UtteranceBuilder | None = None

    def listen_now(self, detection: Detection | None = None, preroll: float = 0.0) -> bool:
        """Start an utterance now, with the `preroll` seconds before, without a wake word from our
        own engine. Return False while another utterance is open, or when this one is rejected."""
        if self._open is not None:
            return False
        return self._capture(detection, self._ring.end, preroll)

    async def listen_with(self, wake: ports.Wake) -> None:
        """Find wake words with another engine, which is loaded, from now on.

        Returns when the one before is done, or is stuck. What is being said is listened to as
        before.
        """
        self.wake = wake
        self._let_go.clear()
        self._feed.end()
        try:
            async with asyncio.timeout(LETS_GO):
                await self._let_go.wait()
        except TimeoutError:
            _LOGGER.warning("the wake engine that is not used any more does not end")

    def recent(self, seconds: float) -> bytes:
        """The newest sound, of so many seconds or as much as is remembered."""
        return self._ring.since(self._ring.end - SPEECH.bytes_of(seconds))

    async def run(self, accept: Callable[[Utterance], bool], idle: Callable[[], bool]) -> None:
        """Listen until cancelled, or until a source with an end has ended and `idle()` is true.

        `accept` is called with each new utterance and returns whether to capture it.
        """
        self._accept = accept
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
                    await self._room()
                self._feed.put(audio)
                self._report_loss()
            else:
                self._unheard += len(audio)
            if self._open is not None:
                self._continue(self._open, audio)
            quiet = quiet + SPEECH.seconds(audio) if self._source.finished else 0.0
            if quiet >= LAST_WORDS and self._open is None and idle():
                return

    async def _room(self) -> None:
        try:
            async with asyncio.timeout(STUCK):
                await self._feed.room(SPEECH.bytes_of(AHEAD))
        except TimeoutError:
            self._waits = False
            _LOGGER.warning("the wake engine takes no sound: no more of it waits for it")

    async def _detect(self) -> None:
        failures = offset = 0
        while True:
            heard, wake = False, self.wake
            self._let_go.set()
            try:
                async with aclosing(wake.detect(self._feed, DetectRequest())) as detections:
                    async for detection in detections:
                        heard, failures = True, 0
                        self._begin(detection, offset)
            except (EngineError, WireError) as error:
                failures += 1
                level = logging.WARNING if failures == 1 else logging.DEBUG
                _LOGGER.log(level, "the wake engine failed; trying again: %s", error)
                self._publish(events.Error(where="wake", text=str(error), code=error.code))
            self._feed.end()
            # some services end their stream with a detection: go on at once
            if not heard and wake is self.wake:
                await asyncio.sleep(RETRY)
            self._feed = AudioFeed(SPEECH.bytes_of(BEHIND), SPEECH.bytes_of(HOP))
            self._reported = self._unheard = 0
            offset = self._ring.end

    def _begin(self, detection: Detection, offset: int) -> None:
        # who is listened to without a wake word, and says one, begins anew
        taken = self._open is not None and not self._open.uncalled
        if taken or not self._attentive():
            return
        # the engine counts the samples that it was given, not those that it was too slow for
        given = detection.sample * SPEECH.frame_bytes
        position = offset + given + self._feed.dropped + self._unheard
        self._capture(detection, position, self._settings.preroll)

    def _capture(self, detection: Detection | None, position: int, preroll: float) -> bool:
        limit = self._settings.maximum + preroll + MEMORY
        utterance = Utterance(detection, limit)
        if self._accept is None or not self._accept(utterance):
            return False
        heard = self._ring.since(position - SPEECH.bytes_of(preroll))
        late = self._ring.since(position)
        # voice detector frames end where chunks do, so that none waits for the next chunk
        frame = self._vad.frame_samples * SPEECH.frame_bytes
        late = late[len(late) % frame :]
        utterance.before = len(heard) - len(late)
        utterance.audio.put(heard[: utterance.before])
        capturing = self._open = UtteranceBuilder(utterance, self._vad, self._settings)
        utterance.cut_by(lambda: self._cut(capturing))
        self._continue(capturing, late)
        return True

    def _cut(self, capturing: UtteranceBuilder) -> None:
        for event in capturing.cut():
            self._publish(event)
        if self._open is capturing:
            self._open = None

    def _continue(self, capturing: UtteranceBuilder, audio: bytes) -> None:
        for event in capturing.take(audio):
            self._publish(event)
        if capturing.closed:
            self._open = None

    def _report_loss(self) -> None:
        if self._feed.dropped - self._reported >= SPEECH.bytes_of(1.0):
            self._reported = self._feed.dropped
            _LOGGER.warning("the wake engine is too slow: a second of sound was lost to it")
            self._publish(events.AudioLoss(loss="overrun", count=1))
