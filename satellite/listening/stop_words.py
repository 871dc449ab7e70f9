"""Words that end what is said or rung, without a wake word: listened for only meanwhile.

What the microphone hears, less our own voice, is cut into utterances by a voice detector. One that
is short and stands alone is given to a recognizer that knows the stop words and rejects all else.
Nothing of it is kept, and nothing leaves this device.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from satellite.audio.feed import AudioFeed
from satellite.audio.format import SPEECH
from satellite.bus import Bus
from satellite.errors import SatelliteError
from satellite.events import Event, Reply, TurnEnd
from satellite.ports import Asr, Vad
from satellite.values import TranscribeRequest

_LOGGER = logging.getLogger(__name__)

PHRASES = (
    "stop",
    "stop it",
    "please stop",
    "stop please",
    "okay stop",
    "cancel",
    "cancel it",
    "never mind",
    "be quiet",
    "shut up",
)
"""What is said to one who talks too long."""

DECOYS = (
    "candle",
    "camel",
    "council",
    "handle",
    "stock",
    "star",
    "start",
    "stuff",
    "shop",
    "steps",
    "drop it",
    "shut it",
    "step up",
    "quiet",
    "never",
    "mine",
    "sell it",
    "yes",
    "no",
    "what",
    "okay",
    "hello",
    "good",
    "go on",
    "more",
    "thanks",
)
"""Words that sound like them, and others that are often said alone: better heard as what they are
than taken for a stop word."""

CONFIDENCE = -5.0
"""See `servers.asr.confidence`; `python -m tests.bench.stop_words` measures it."""

COMPONENT = f"pocketsphinx?phrases={','.join((*PHRASES, *DECOYS))}&confidence={CONFIDENCE}"
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

RETRY = 60.0
"""Seconds before a recognizer that failed is tried again."""


class Interjection:
    """Something short that may be a stop word, while it is said."""

    def __init__(self) -> None:
        self.audio = AudioFeed(SPEECH.bytes_of(BEFORE + ALONE + 2 * LONGEST))
        self.alone = False
        """It was short, and there was silence after it. Known when `audio` has ended."""
        self.voiced = 0.0
        """Seconds of voice in it."""
        self.quiet = 0.0
        """Seconds without voice at its end."""

    def end(self, alone: bool) -> None:
        """There is no more of it."""
        self.alone = alone
        self.audio.end()


class StopWords:
    """Listens while `talking()`, and calls `hush` when a stop word was said."""

    def __init__(
        self,
        asr: Callable[[], Asr],
        vad: Vad,
        threshold: float,
        talking: Callable[[], bool],
        hush: Callable[[], None],
    ) -> None:
        """`asr` makes the recognizer when it is first needed; `vad`, which need not be loaded, is
        nobody else's."""
        self._make = asr
        self._asr: Asr | None = None
        self._vad = vad
        self._threshold = threshold
        self._talking = talking
        self._hush = hush
        self._frame = vad.frame_samples * SPEECH.frame_bytes
        self._ready = False
        self._rest = bytearray()
        self._before = bytearray()
        self._quiet = 0.0
        self._open: Interjection | None = None
        self._waiting: asyncio.Queue[Interjection] = asyncio.Queue(1)
        self._said = ""
        """What the satellite itself says, as far as it is known."""

    def hear(self, audio: bytes) -> None:
        """Take what the microphone has heard, our own voice taken out."""
        if not self._ready or not self._talking():
            self._forget()
            return
        self._rest += audio
        while len(self._rest) >= self._frame:
            frame = bytes(self._rest[: self._frame])
            del self._rest[: self._frame]
            self._judge(frame, self._vad.probability(frame) >= self._threshold)

    async def run(self, bus: Bus) -> None:
        """Recognize what is heard until cancelled."""
        await asyncio.to_thread(self._vad.load)
        self._ready = True
        async with asyncio.TaskGroup() as tasks, bus.subscribe("stop words", 1000) as happened:
            tasks.create_task(self._follow(happened))
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
        if self._open is not None:
            self._open.end(alone=False)
            self._open = None

    def _judge(self, frame: bytes, voice: bool) -> None:
        seconds = SPEECH.seconds(frame)
        if self._open is None and voice and self._quiet >= ALONE and self._waiting.empty():
            self._open = Interjection()
            self._open.audio.put(bytes(self._before))
            self._waiting.put_nowait(self._open)
        self._quiet = 0.0 if voice else self._quiet + seconds
        self._before += frame
        del self._before[: max(0, len(self._before) - SPEECH.bytes_of(BEFORE))]
        if (said := self._open) is None:
            return
        said.audio.put(frame)
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
        if text in self._said:
            _LOGGER.debug("%r was perhaps our own voice", text)
            return
        _LOGGER.info("%s was said", text)
        self._hush()

    async def _transcribe(self, said: Interjection) -> str:
        if self._asr is None:
            self._asr = self._make()
        text = ""
        async with asyncio.timeout(LONGEST + ALONE + PATIENCE):
            found = self._asr.transcribe(said.audio, TranscribeRequest(language="en"))
            async with aclosing(found):
                async for transcript in found:
                    text = transcript.text
        return text

    async def _follow(self, happened: AsyncIterator[Event]) -> None:
        """Know what the satellite says: its own "stop" is none."""
        async for event in happened:
            if isinstance(event, Reply):
                self._said = event.text.lower() if event.final else self._said + event.text.lower()
            elif isinstance(event, TurnEnd):
                self._said = ""
