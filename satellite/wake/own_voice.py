"""A wake engine that does not listen to our own speaker.

What echo cancellation leaves of a reply is faint, and still clear enough for a wake engine in a
quiet room. So when a word is heard while something plays, what was played is asked for the word.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from satellite.audio.format import SPEECH
from satellite.audio.frontend.reference import Reference
from satellite.ports import Wake
from satellite.values import Detection, DetectRequest, EngineInfo
from satellite.wake.engine import WakeEngine

_LOGGER = logging.getLogger(__name__)

SPAN = 8 * SPEECH.rate // 5
"""Samples in which the word must have been played: it takes under 1.2 s to say and to be found."""

AFTER = SPEECH.rate // 4
"""Samples after the moment at which the word was heard that belong to it: engines fire early."""

UNKNOWN = SPEECH.rate
"""Samples by which an echo may be late whose delay is not known."""

LATEST = 2 * SPEECH.rate
"""Samples that an engine is behind the microphone at most: then sound is lost to it."""

ALIKE = 0.5
"""Part of the score of what was heard that what was played needs, to be the same."""

_LOUD = 100
"""Peak (of 32768) of what is played below which nobody hears it."""

_PAUSE = bytes(SPEECH.bytes_of(0.32))
"""Silence after what was played, for engines that find a word only after its end."""


class OwnVoice:
    """Any wake engine, but for words that the speaker has just said."""

    def __init__(self, wake: Wake, reference: Reference) -> None:
        self._wake = wake
        self._reference = reference

    async def load(self) -> None:
        """Load the engine."""
        await self._wake.load()

    def describe(self) -> EngineInfo:
        """What the engine says of itself."""
        return self._wake.describe()

    async def close(self) -> None:
        """Close the engine."""
        await self._wake.close()

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield what the engine hears in `audio`, the microphone's sound from now on."""
        began = self._reference.now
        async with aclosing(self._wake.detect(audio, request)) as detections:
            async for detection in detections:
                if await self._is_own(detection, began + detection.sample):
                    _LOGGER.debug("%s was our own voice", detection.word)
                else:
                    yield detection

    async def _is_own(self, detection: Detection, position: int) -> bool:
        if self._reference.now - position > LATEST:  # not given all that the microphone gave
            position = self._reference.now
        delay = self._reference.delay
        late = UNKNOWN if delay is None else delay
        first = position - late - SPAN
        last = position + AFTER - (delay or 0)
        played = self._reference.take(first, last - first)
        if max(map(abs, array("h", played))) < _LOUD:
            return False
        if isinstance(self._wake, WakeEngine):
            likeness = await self._wake.likeness(played + _PAUSE, detection.word)
            return likeness >= ALIKE * detection.score
        return await self._says(played + _PAUSE, detection.word)

    async def _says(self, played: bytes, word: str) -> bool:
        """Ask an engine on a server."""

        async def whole() -> AsyncGenerator[bytes, None]:
            for start in range(0, len(played), SPEECH.bytes_of(0.08)):
                yield played[start : start + SPEECH.bytes_of(0.08)]

        async with (
            aclosing(whole()) as audio,
            aclosing(self._wake.detect(audio, DetectRequest(words=(word,)))) as found,
        ):
            return [detection async for detection in found] != []
