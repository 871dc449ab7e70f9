"""A wake engine that does not listen to our own speaker.

What echo cancellation leaves of a reply is faint, and still clear enough for a wake engine in a
quiet room. So when a word is heard while something plays, what was played is asked for the word.
"""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.builtin.wake.engine import WakeEngine
from satellite.ports import Wake
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo

_LOGGER = logging.getLogger(__name__)

SPAN = 8 * SPEECH.rate // 5
"""Samples in which the word must have been played: it takes under 1.2 s to say and to be found."""

AFTER = SPEECH.rate // 4
"""Samples after the moment at which the word was heard that belong to it: engines fire early."""

UNKNOWN = SPEECH.rate
"""Samples by which an echo may be late whose delay is not known."""

LATER = 2 * SPEECH.rate // 5
"""Samples by which it may be later than was found before: a sound server ran dry."""

CHUNKS = 32
"""Chunks of sound (some seconds) in which an engine once has nearly all that there was."""

LOST = SPEECH.rate
"""Samples that it is then still behind, if it was not given them: they were lost to it."""

UNLIKE = 0.2
"""Part of what talk may score from which it is not clear whether the word was played."""

CUTS = (320, 640, 960)
"""Samples by which it is cut otherwise where that is not clear: engines see sound in hops, and how
sure they are of a word depends on where in them it begins."""

GONE = 0.02
"""Part of the sound of a word that is left of it (-17 dB) where all of it was echo: who speaks over
a reply that is 12 dB louder leaves 0.06."""

WORD = SPEECH.rate
"""Samples before the moment at which a word is heard that hold most of it."""

_LOUD = 100
"""Peak (of 32768) of what is played below which nobody hears it."""

_PAUSE = bytes(SPEECH.bytes_of(0.32))
"""Silence after what was played, for engines that find a word only after its end."""


class OwnVoice:
    """Any wake engine, but for words that the speaker has just said."""

    def __init__(self, wake: Wake, reference: PlaybackReference) -> None:
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
        behind: deque[int] = deque(maxlen=CHUNKS)
        began = self._reference.now

        async def given() -> AsyncGenerator[bytes, None]:
            nonlocal began
            count = 0
            async for chunk in audio:
                count += len(chunk) // 2
                behind.append(self._reference.now - count)
                lost = len(behind) == CHUNKS and min(behind) > began + LOST
                began = min(behind) if lost else min(began, behind[-1])
                yield chunk

        async with (
            aclosing(given()) as heard,
            aclosing(self._wake.detect(heard, request)) as detections,
        ):
            async for detection in detections:
                if await self._is_own(detection, began + detection.sample):
                    _LOGGER.debug("%s was our own voice", detection.word)
                else:
                    yield detection

    async def _is_own(self, detection: Detection, position: int) -> bool:
        before = self._wake.before if isinstance(self._wake, WakeEngine) else 0
        delay = self._reference.delay
        late = UNKNOWN if delay is None else delay
        first = position - late - LATER - SPAN - before - CUTS[-1]
        played = self._reference.take(first, position + AFTER - first)
        if max(map(abs, array("h", played))) < _LOUD:
            return False
        left = self._reference.residual(position - WORD, position)
        if left is not None and left < GONE:
            _LOGGER.debug("%s %.2f was heard, and is echo", detection.word, detection.score)
            return True
        if not isinstance(self._wake, WakeEngine):
            return await self._says(played + _PAUSE, detection.word)
        if await self._is_in(self._wake, played, detection):
            return True
        apply_path = self._reference.apply_path
        if apply_path is None or delay is None:
            return False
        first = position - delay - SPAN - before - CUTS[-1]
        echo = apply_path(self._reference.take(first, position - delay + AFTER - first))
        return await self._is_in(self._wake, echo, detection)  # a room makes a word of what is none

    async def _is_in(self, wake: WakeEngine, played: bytes, detection: Detection) -> bool:
        """Whether the engine hears the word in what was played, or nearly."""
        for cut in (0, *CUTS):
            sound = played[: len(played) - 2 * cut]
            score = await wake.likeness(sound + _PAUSE, detection.word)
            _LOGGER.debug("%s %.2f was heard, %.3f played", detection.word, detection.score, score)
            if score > wake.talk:
                return True
            if score < UNLIKE * wake.talk:
                return False
        return False

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
