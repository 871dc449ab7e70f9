"""One utterance, from its sound to its text, with what is known of it on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import msgspec

from satellite.lib.worker import Worker
from satellite.values import TranscribeRequest, Transcript
from servers.asr.whisper import quality
from servers.asr.whisper.agreement import agreed
from servers.asr.whisper.batches import Batches
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.hearing import PIECE, Hearing
from servers.asr.whisper.initial_prompt import build
from servers.asr.whisper.quality import Attempt, Thresholds
from servers.asr.whisper.speech_detection import Floats
from servers.asr.whisper.tokens import Vocabulary
from servers.asr.whisper.windows import RATE, TRAIL, Window

_LOGGER = logging.getLogger(__name__)

LIVE = 0.7
"""Seconds that pass for each second of sound when somebody speaks just now; a recording that is
sent faster needs no partial transcripts, as all of it will be there in a moment."""
PIECE_BYTES = 2 * PIECE
APART = 0.1
"""Seconds between looks at the sound, so that a recording sent at once is looked at in one go."""
SHARE = 3
"""Partial transcripts are this many times as far apart as one takes, so that the end of the speech
seldom has to wait for one."""


class UtteranceHabits(msgspec.Struct, frozen=True):
    """What is the same for all utterances."""

    thresholds: Thresholds
    initial_prompt: str
    condition_on_previous_text: bool
    partials: bool
    interval: float
    """Least seconds of sound between two partial transcripts."""


class Utterance:
    """Decodes what is heard: windows as they close, guesses while nobody else needs the model.

    As soon as a voice pauses, everything up to there is decoded. When nothing more is said, that
    is the result already; otherwise only what follows is new to the decoder.
    """

    def __init__(
        self,
        hearing: Hearing,
        decoder: Decoder,
        batches: Batches,
        vocabulary: Vocabulary,
        habits: UtteranceHabits,
        language: str | None,
        hotwords: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hearing = hearing
        self._decoder = decoder
        self._batches = batches
        self._vocabulary = vocabulary
        self._habits = habits
        self._spoken = language
        self._hotwords = hotwords
        self._texts: list[str] = []
        self._guess: tuple[int, ...] = ()
        self._sure: tuple[int, ...] = ()
        self._done: tuple[Window, tuple[int, ...], Attempt, str | None] | None = None
        self._guessed_at = 0
        self._cost = 0.0
        self._sent = ""
        self._clock = clock
        self._began = clock()

    async def run(
        self, audio: AsyncIterator[bytes], ears: Worker
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts, each beginning with the one before, and the final one."""
        pending, heard_at = bytearray(), self._clock()
        async for chunk in audio:
            pending += chunk
            if len(pending) < PIECE_BYTES or self._clock() - heard_at < APART:
                continue
            whole = len(pending) // PIECE_BYTES * PIECE_BYTES
            await self._hear(bytes(pending[:whole]), ears)
            del pending[:whole]
            heard_at = self._clock()
            if await self._guess_now() and (text := self._known()) != self._sent:
                self._sent = text
                yield Transcript(text=text, final=False, language=self._spoken)
        await self._hear(bytes(pending), ears)
        if (window := self._hearing.last()) is not None:
            await self._finish(window, self._hearing.samples(window))
        yield Transcript(text=" ".join(self._texts), final=True, language=self._spoken)

    async def _hear(self, audio: bytes, ears: Worker) -> None:
        """Take sound in, and decode the windows that are closed by it."""
        for window, samples in await ears.call(self._hearing.hear, audio):
            await self._finish(window, samples)

    def _known(self) -> str:
        """What will not change any more."""
        sure = self._vocabulary.decode(self._sure).strip()
        return " ".join([*self._texts, sure] if sure else self._texts)

    async def _finish(self, window: Window, samples: Floats) -> None:
        """Add the text of a window that is complete."""
        if self._done is not None and self._done[:2] == (window, self._sure):
            attempt, spoken = self._done[2:]
        else:
            attempt, spoken = await self._decode(samples)
        reason = quality.rejection(attempt, window.voice / RATE, self._habits.thresholds)
        text = attempt.text
        if reason is None:
            self._spoken = self._spoken or spoken
        else:
            _LOGGER.info("Not taken for speech: %s", reason)
            _LOGGER.debug("What is not taken: %r", attempt.text)
            text = self._vocabulary.decode(self._sure).strip()
        if text:
            self._texts.append(text)
        self._guess, self._sure, self._done = (), (), None

    async def _guess_now(self) -> bool:
        """Decode what there is so far, if that is due and disturbs nobody; say whether it was."""
        window = self._hearing.last() if self._habits.partials else None
        if window is None or not self._is_due(window) or not self._batches.idle:
            return False
        began = self._clock()
        attempt, spoken = await self._decode(self._hearing.samples(window))
        self._cost = self._clock() - began
        self._guessed_at = self._hearing.now
        self._done = (window, self._sure, attempt, spoken)
        if quality.rejection(attempt, window.voice / RATE, self._habits.thresholds) is not None:
            self._guess = ()
            return False
        sure = agreed(self._guess, attempt.tokens, self._vocabulary.decode)
        self._guess = attempt.tokens
        if len(sure) > len(self._sure):
            self._sure = sure
            self._spoken = self._spoken or spoken
            # decoding with so much given finds the same again
            self._done = (window, sure, attempt, spoken)
        return True

    def _is_due(self, window: Window) -> bool:
        now = self._hearing.now
        if self._clock() - self._began < LIVE * now / RATE:
            return False
        if self._done is not None and self._done[0] == window:
            return False  # nothing was said since
        if self._hearing.quiet:
            return self._hearing.quiet >= TRAIL
        return now - self._guessed_at >= RATE * max(self._habits.interval, SHARE * self._cost)

    async def _decode(self, samples: Floats) -> tuple[Attempt, str | None]:
        earlier = " ".join(self._texts) if self._habits.condition_on_previous_text else ""
        prompt = build(
            self._vocabulary,
            hotwords=self._hotwords,
            earlier=f"{self._habits.initial_prompt} {earlier}",
            prefix=self._sure,
        )
        return await self._decoder.decode(samples, prompt, self._spoken)


def hotwords(request: TranscribeRequest, configured: str) -> str:
    """Likely words as one text: those configured, and the names and terms of the request."""
    words = (configured, *request.names, *request.terms)
    return ", ".join(dict.fromkeys(word.strip() for word in words if word.strip()))
