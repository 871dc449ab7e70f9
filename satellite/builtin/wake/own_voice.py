"""Rejects wake words that the satellite's own speaker said.

The residue of a reply after echo cancellation is faint, and still clear enough for a wake engine in
a quiet room. So when a word is detected during playback, the played sound is searched for the word.
"""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from satellite.audio.echo.playback_reference import UNHEARD, PlaybackReference
from satellite.builtin.wake.engine import WakeEngine
from satellite.events import Event, NearMiss
from satellite.ports import Wake
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo

_LOGGER = logging.getLogger(__name__)

SPAN = 8 * SPEECH.rate // 5
"""Samples in which the word must have been played: it takes under 1.2 s to say and to detect."""

AFTER = SPEECH.rate // 4
"""Samples after the detection that belong to the word: engines fire early."""

UNKNOWN = SPEECH.rate
"""Longest delay in samples that is assumed for an echo of unknown delay."""

CHUNKS = 32
"""Chunks of sound (some seconds) within which an engine catches up at least once."""

LOST = SPEECH.rate
"""Samples by which it is still behind then if they were lost on the way to it."""

UNLIKE = 0.2
"""Part of the talk score below which the word was certainly not played."""

CUTS = (320, 640, 960)
"""Samples by which the played sound is shifted where the score is not clear: engines score hops,
and a score depends on where in a hop the word begins."""

ECHO_ONLY = 0.02
"""Part of a word's energy that is left (-17 dB) where all of it was echo: a person who speaks over
a reply that is 12 dB louder leaves 0.06."""

WORD = SPEECH.rate
"""Samples before a detection that hold most of the word."""

_LOUD = 100
"""Peak (of 32768) of the played sound below which it is inaudible."""

_PAUSE = bytes(SPEECH.bytes_of(0.32))
"""Silence after the played sound, for engines that detect a word only after its end."""


class OwnVoice:
    """Any wake engine, without the words that the satellite's own speaker says; publishes near
    misses."""

    def __init__(
        self,
        wake: Wake,
        reference: PlaybackReference,
        publish: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._wake = wake
        self._reference = reference
        self._publish = publish

    async def load(self) -> None:
        """Load the engine."""
        await self._wake.load()

    def describe(self) -> EngineInfo:
        """Return the engine's description."""
        return self._wake.describe()

    async def close(self) -> None:
        """Close the engine."""
        await self._wake.close()

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield the engine's detections in `audio`, the microphone's sound from now on."""
        behind: deque[int] = deque(maxlen=CHUNKS)
        began = self._reference.now

        async def counted() -> AsyncGenerator[bytes, None]:
            nonlocal began
            count = 0
            async for chunk in audio:
                count += len(chunk) // 2
                behind.append(self._reference.now - count)
                lost = len(behind) == CHUNKS and min(behind) > began + LOST
                began = min(behind) if lost else min(began, behind[-1])
                yield chunk
                self._report_near_misses()

        async with (
            aclosing(counted()) as sound,
            aclosing(self._wake.detect(sound, request)) as detections,
        ):
            async for detection in detections:
                if await self._is_own(detection, began + detection.sample):
                    _LOGGER.debug("%s rejected: our own voice", detection.word)
                else:
                    yield detection
        self._report_near_misses()

    def _report_near_misses(self) -> None:
        if isinstance(self._wake, WakeEngine):
            for word, score in self._wake.take_near_misses():
                self._publish(NearMiss(word=word, score=score))

    async def _is_own(self, detection: Detection, position: int) -> bool:
        warm_up = self._wake.warm_up if isinstance(self._wake, WakeEngine) else 0
        delay = self._reference.delay
        late = UNKNOWN if delay is None else delay
        first = position - late - UNHEARD - SPAN - warm_up - CUTS[-1]
        played = self._reference.take(first, position + AFTER - first)
        if max(map(abs, array("h", played))) < _LOUD:
            return False
        left_part = self._reference.residual(position - WORD, position)
        if left_part is not None and left_part < ECHO_ONLY:
            _LOGGER.debug("%s %.2f was cancelled as echo", detection.word, detection.score)
            return True
        if not isinstance(self._wake, WakeEngine):
            return await self._is_detected_in(played + _PAUSE, detection.word)
        if await self._is_likely_in(self._wake, played, detection):
            return True
        apply_path = self._reference.apply_path
        if apply_path is None or delay is None:
            return False
        first = position - delay - SPAN - warm_up - CUTS[-1]
        echo = apply_path(self._reference.take(first, position - delay + AFTER - first))
        # the room may turn other sound into the word
        return await self._is_likely_in(self._wake, echo, detection)

    async def _is_likely_in(self, wake: WakeEngine, played: bytes, detection: Detection) -> bool:
        """Return whether the played sound scores as the word, or nearly."""
        for cut in (0, *CUTS):
            sound = played[: len(played) - 2 * cut]
            score = await wake.score(sound + _PAUSE, detection.word)
            _LOGGER.debug(
                "%s %.2f detected, %.3f in the played sound", detection.word, detection.score, score
            )
            if score > wake.talk_score:
                return True
            if score < UNLIKE * wake.talk_score:
                return False
        return False

    async def _is_detected_in(self, played: bytes, word: str) -> bool:
        """Return whether an engine on a server detects the word in the played sound."""

        async def chunks() -> AsyncGenerator[bytes, None]:
            for start in range(0, len(played), SPEECH.bytes_of(0.08)):
                yield played[start : start + SPEECH.bytes_of(0.08)]

        async with (
            aclosing(chunks()) as audio,
            aclosing(self._wake.detect(audio, DetectRequest(words=(word,)))) as found,
        ):
            return [detection async for detection in found] != []
