"""Words that end what is said or rung, without a wake word: listened for only meanwhile.

What the microphone hears, less our own voice, is cut into utterances by a voice detector. One that
is short and stands alone is given to a recognizer that knows the stop words and rejects all else.
Nothing of it is kept, and nothing leaves this device.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.feed import AudioFeed
from satellite.errors import SatelliteError
from satellite.ports import Asr, Vad
from satellite.values import SPEECH, TranscribeRequest

_LOGGER = logging.getLogger(__name__)

PHRASES = (
    "stop",
    "stop it",
    "please stop",
    "stop please",
    "okay stop",
    "stop stop",
    "stop the timer",
    "stop the alarm",
    "cancel",
    "cancel it",
    "never mind",
    "be quiet",
    "shut up",
)
"""What is said to one who talks too long."""

OTHERS = (
    *("yes", "no", "okay", "hello", "good", "thanks", "more", "what", "start", "steps", "stuff"),
    *("shop", "go", "yeah", "star", "so", "top", "stock", "well", "and", "the", "but", "mine"),
    *("handle", "map", "cat"),
)
"""Words that are often said alone, or sound like them: better heard as what they are than taken for
a stop word."""

CONFIDENCE = -5.75
"""See `servers.asr.sphinx.confidence`; `python -m tests.bench.stop_words` measures it."""

COMPONENT = (
    f"pocketsphinx?phrases={','.join(PHRASES)}&others={','.join(OTHERS)}&confidence={CONFIDENCE}"
)
"""The recognizer of them."""

BEFORE = 0.25
"""Seconds heard from before the voice was noticed: the hiss of an "s" is noticed late."""

ALONE = 0.4
"""Seconds without voice before and after a stop word: who goes on talking means somebody else."""

SHORTEST = 0.2
"""Seconds of voice that the shortest of them has."""

LONGEST = 1.4
"""Seconds of voice after which it is none: "please stop", said slowly, takes 1.2."""

PATIENCE = 3.0
"""Seconds to wait for the recognizer after an utterance; what comes later is of no use."""

OWN = 0.7
"""Likeness to what was played (see `satellite.listening.envelope`) from which it is our own voice:
in simulated rooms echoes have 0.89 and more, of people who speak over a reply 95 % under 0.4."""

ASIDE = SPEECH.rate // 16
"""Samples by which an echo may be beside its place: the front end holds back up to 32 ms."""

UNKNOWN = SPEECH.rate
"""Samples by which an echo may be late whose delay is not known."""

LEARNING = 1.5
"""Seconds from the beginning of something that is played in which nothing is taken for a stop word
while nobody knows how late its echo is: what is left of the echo then is cut anywhere, and is like
nothing that was played."""

RETRY = 60.0
"""Seconds before a recognizer that failed is tried again."""


class Interjection:
    """Something short that may be a stop word, while it is said."""

    def __init__(self, start: int, since: float) -> None:
        self.start = start
        """Where it begins, in samples of the microphone."""
        self.since = since
        """Seconds from the beginning of what is said or rung to its own."""
        self.heard = bytearray()
        self.audio = AudioFeed(SPEECH.bytes_of(BEFORE + ALONE + 2 * LONGEST))
        self.alone = False
        """It was short, and there was silence after it. Known when `audio` has ended."""
        self.voiced = 0.0
        """Seconds of voice in it."""
        self.quiet = 0.0
        """Seconds without voice at its end."""

    def put(self, audio: bytes) -> None:
        """Hear more of it."""
        self.heard += audio
        self.audio.put(audio)

    def end(self, alone: bool) -> None:
        """There is no more of it."""
        self.alone = alone
        self.audio.end()


class StopWords:
    """Listens while `talking()`, and calls `hush` when a stop word was said."""

    patience: float = PATIENCE

    def __init__(
        self,
        asr: Callable[[], Asr],
        vad: Vad,
        threshold: float,
        talking: Callable[[], bool],
        hush: Callable[[], None],
        reference: PlaybackReference,
    ) -> None:
        """`asr` makes the recognizer when it is first needed; `vad`, which need not be loaded, is
        nobody else's; `reference` has what is played."""
        self._make = asr
        self._asr: Asr | None = None
        self._vad = vad
        self._threshold = threshold
        self._talking = talking
        self._hush = hush
        self._reference = reference
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._ready = False
        self._wanted = asyncio.Event()
        """Something was said or rung: the voice detector, of 3 MB, is not loaded before."""
        self._rest = bytearray()
        self._before = bytearray()
        self._quiet = 0.0
        self._talked = 0.0
        """Seconds of what is said or rung so far."""
        self._open: Interjection | None = None
        self._waiting: asyncio.Queue[Interjection] = asyncio.Queue(1)

    def hear(self, audio: bytes) -> None:
        """Take what the microphone has heard, our own voice taken out."""
        talking = self._talking()
        if talking:
            self._wanted.set()
        if not self._ready or not talking:
            self._forget()
            return
        self._talked += SPEECH.seconds(audio)
        self._rest += audio
        while len(self._rest) >= self._frame:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._judge(frame, self._vad.probability(frame) >= self._threshold)

    async def run(self) -> None:
        """Recognize what is heard until cancelled."""
        if not self._talking():
            await self._wanted.wait()
        await asyncio.to_thread(self._vad.load)
        self._ready = True
        try:
            while True:
                await self._recognize(await self._waiting.get())
        finally:
            if self._asr is not None:
                await self._asr.close()

    def _forget(self) -> None:
        if self._rest or self._before:
            self._rest.clear()
            self._before.clear()
            self._vad.reset()
        self._quiet = ALONE
        self._talked = 0.0
        if self._open is not None:
            self._open.end(alone=False)
            self._open = None

    def _judge(self, frame: bytes, voice: bool) -> None:
        seconds = SPEECH.seconds(frame)
        if self._open is None and voice and self._quiet >= ALONE and self._waiting.empty():
            late = len(frame) + len(self._rest) + len(self._before)
            start = self._reference.now - late // SPEECH.frame_bytes
            self._open = Interjection(start, self._talked)
            self._open.put(bytes(self._before))
            self._waiting.put_nowait(self._open)
        self._quiet = 0.0 if voice else self._quiet + seconds
        self._before += frame
        del self._before[: max(0, len(self._before) - SPEECH.bytes_of(BEFORE))]
        if (said := self._open) is None:
            return
        said.put(frame)
        said.voiced += seconds if voice else 0.0
        if said.voiced > LONGEST or self._quiet >= ALONE:
            said.end(alone=SHORTEST <= said.voiced <= LONGEST)
            self._open = None

    async def _recognize(self, said: Interjection) -> None:
        try:
            text = await self._transcribe(said)
        except SatelliteError as error:
            _LOGGER.warning("nobody listens for stop words now: %s", error)
            await asyncio.sleep(RETRY)
            return
        except TimeoutError:
            _LOGGER.debug("the recognizer of stop words took too long")
            return
        if text not in PHRASES or not said.alone or not self._talking():
            return
        if self._is_own(said):
            _LOGGER.debug("%r was our own voice", text)
            return
        _LOGGER.info("%s was said", text)
        self._hush()

    async def _transcribe(self, said: Interjection) -> str:
        if self._asr is None:
            self._asr = self._make()
        text = ""
        async with asyncio.timeout(LONGEST + ALONE + self.patience):
            found = self._asr.transcribe(said.audio, TranscribeRequest(language="en"))
            async with aclosing(found):
                async for transcript in found:
                    text = transcript.text
        return text

    def _is_own(self, said: Interjection) -> bool:
        """Whether it is an echo of what was played."""
        from satellite.listening.envelope import likeness

        delay = self._reference.delay
        first = said.start - (UNKNOWN if delay is None else delay) - ASIDE
        last = said.start + len(said.heard) // SPEECH.frame_bytes - (delay or 0) + ASIDE
        played = self._reference.take(first, last - first)
        if delay is None and said.since < LEARNING and any(played):
            return True
        return likeness(bytes(said.heard), played) >= OWN
