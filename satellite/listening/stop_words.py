"""Stop words: they end what is said or rung, without a wake word, and are detected only meanwhile.

A voice detector cuts the microphone's sound, without our own voice, into utterances. A short one
that stands alone goes to a recognizer of this machine that knows the stop words of the language.
No sound is stored, and none leaves this device.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.feed import AudioFeed
from satellite.errors import EngineFailed, SatelliteError
from satellite.lib.containment import Containment
from satellite.listening.stop_phrases import StopRecognition, plain
from satellite.ports import Asr, Vad
from satellite.text.quoted import quoted
from satellite.values import SPEECH, TranscribeRequest

_LOGGER = logging.getLogger(__name__)

BEFORE = 0.25
"""Seconds of sound from before the voice was detected: the hiss of an "s" is detected late."""

ALONE = 0.4
"""Seconds without voice before and after a stop word: a sentence around it is meant for others."""

SHORTEST = 0.2
"""Seconds of voice in the shortest stop word."""

LONGEST = 1.4
"""Seconds of voice in the longest stop word: "please stop", said slowly, takes 1.2."""

PATIENCE = 3.0
"""Seconds to wait for the recognizer after an utterance; a later result is of no use."""

OWN = 0.7
"""Likeness to the played sound (see `satellite.listening.envelope`) from which an utterance is our
own voice: in simulated rooms echoes have 0.89 and more, and 95 % of the people who speak over a
reply under 0.4."""

TOLERANCE = SPEECH.rate // 16
"""Samples by which the position of an echo may be off: the front end holds back up to 32 ms."""

UNKNOWN = SPEECH.rate
"""Samples by which an echo of unknown delay may be late."""

LEARNING = 1.5
"""Seconds from the beginning of played sound in which no stop word is accepted while the delay of
its echo is unknown: the rest of the echo is cut anywhere then, and is like nothing that was
played."""

RETRY = 60.0
"""Seconds before a recognizer that failed is tried again."""


class Interjection:
    """A short utterance that may be a stop word, while it is being said."""

    def __init__(self, start: int, since: float) -> None:
        self.start = start
        """Its beginning, in samples of the microphone."""
        self.since = since
        """Seconds from the beginning of what is said or rung to the beginning of this utterance."""
        self.sound = bytearray()
        """All of its sound, which `audio` streams."""
        self.audio = AudioFeed(SPEECH.bytes_of(BEFORE + ALONE + 2 * LONGEST))
        self.alone = False
        """Whether it was short and followed by silence. Known when `audio` has ended."""
        self.voiced = 0.0
        """Seconds of voice in it."""
        self.quiet = 0.0
        """Seconds without voice at its end."""

    def put(self, audio: bytes) -> None:
        """Add the next sound."""
        self.sound += audio
        self.audio.put(audio)

    def end(self, alone: bool) -> None:
        """End it."""
        self.alone = alone
        self.audio.end()


class StopWords:
    """Detects stop words while `talking()` is true, and calls `hush` for each."""

    patience: float = PATIENCE

    def __init__(
        self,
        recognition: Callable[[], StopRecognition],
        vad: Vad,
        threshold: float,
        talking: Callable[[], bool],
        hush: Callable[[], None],
        reference: PlaybackReference,
        *,
        wanted: bool = True,
    ) -> None:
        """`recognition` returns what recognizes which words; it is called on a thread when it is
        first needed. `vad`, which need not be loaded, is used here alone; `reference` has the
        played sound. Without `wanted`, nothing is detected until `use`."""
        self._find = recognition
        self._recognition = StopRecognition(frozenset())
        self._asr: Asr | None = None
        self._vad = vad
        self._threshold = threshold
        self._is_talking = talking
        self._on = wanted
        self._hush = hush
        self._reference = reference
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._ready = False
        self._wanted = asyncio.Event()
        """Set once something was said or rung: the voice detector (3 MB) is loaded then."""
        self._rest = bytearray()
        self._before = bytearray()
        self._quiet = 0.0
        self._talked = 0.0
        """Seconds of what is said or rung so far."""
        self._open: Interjection | None = None
        self._waiting: asyncio.Queue[Interjection] = asyncio.Queue(1)
        self._containment = Containment("the recognizer of stop words")

    def use(self, wanted: bool) -> None:
        """Detect stop words, or detect none, from now on."""
        self._on = wanted

    def hear(self, audio: bytes) -> None:
        """Take the next sound of the microphone, with our own voice removed."""
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
        """Recognize utterances until cancelled."""
        if not self._talking():
            await self._wanted.wait()
        self._recognition = await asyncio.to_thread(self._find)
        await asyncio.to_thread(self._vad.load)
        self._ready = True
        try:
            while True:
                await self._recognize(await self._waiting.get())
        finally:
            asr, self._asr = self._asr, None
            if asr is not None:
                await asr.close()

    def _talking(self) -> bool:
        return self._on and self._is_talking()

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
        if (interjection := self._open) is None:
            return
        interjection.put(frame)
        interjection.voiced += seconds if voice else 0.0
        if interjection.voiced > LONGEST or self._quiet >= ALONE:
            interjection.end(alone=SHORTEST <= interjection.voiced <= LONGEST)
            self._open = None

    async def _recognize(self, interjection: Interjection) -> None:
        try:
            with self._containment.raising(EngineFailed, TimeoutError):
                text = await self._transcribe(interjection)
        except SatelliteError as error:
            _LOGGER.warning("stop words are not detected now: %s", error)
            await asyncio.sleep(RETRY)
            return
        except TimeoutError:
            _LOGGER.debug("the recognizer of stop words took too long")
            return
        if plain(text) not in self._recognition.phrases:
            return
        if not interjection.alone or not self._talking():
            return
        if self._is_own(interjection):
            _LOGGER.debug("%s was our own voice", quoted(text))
            return
        _LOGGER.info("stop word: %s", text)
        self._hush()

    async def _transcribe(self, interjection: Interjection) -> str:
        if self._asr is None:
            self._asr = self._recognition.create()
        text = ""
        async with asyncio.timeout(LONGEST + ALONE + self.patience):
            found = self._asr.transcribe(
                interjection.audio, TranscribeRequest(language=self._recognition.language)
            )
            async with aclosing(found):
                async for transcript in found:
                    text = transcript.text
        return text

    def _is_own(self, interjection: Interjection) -> bool:
        """Whether an utterance is an echo of played sound."""
        from satellite.listening.envelope import likeness  # with NumPy: see `FrontEnd`

        delay = self._reference.delay
        first = interjection.start - (UNKNOWN if delay is None else delay) - TOLERANCE
        last = (
            interjection.start
            + len(interjection.sound) // SPEECH.frame_bytes
            - (delay or 0)
            + TOLERANCE
        )
        played = self._reference.take(first, last - first)
        if delay is None and interjection.since < LEARNING and any(played):
            return True
        return likeness(bytes(interjection.sound), played) >= OWN
