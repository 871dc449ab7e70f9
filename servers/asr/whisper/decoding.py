"""Decoding of a window of sound into a text of sufficient quality."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from satellite.text.quoted import quoted
from servers.asr.whisper import figures, quality
from servers.asr.whisper.alternatives import alternatives, distinct
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.model import Encoded, Floats, Model, Search
from servers.asr.whisper.quality import Attempt, Thresholds
from servers.asr.whisper.tokens import Prompt, Vocabulary
from servers.asr.whisper.windows import BRIEF, BRIEF_FRAMES, BRIEF_LANGUAGES, RATE

_LOGGER = logging.getLogger(__name__)

BASE_TOKENS = 48
"""Tokens allowed for even the shortest utterance."""
TOKENS_PER_SECOND = 25
"""Tokens allowed for each further second. Speech has up to 8; scripts encoded byte by byte, 25."""
MAX_TOKENS = 224
"""Most tokens of one window: half of Whisper's context."""


class DecodingOptions(msgspec.Struct, frozen=True):
    """Options of decoding, the same for all windows."""

    search: Search = Search()
    temperatures: tuple[float, ...] = (0.0,)
    thresholds: Thresholds = Thresholds()
    task: str = "transcribe"


class Decoder:
    """Decodes windows, and decodes them again if the result is doubtful."""

    def __init__(
        self,
        model: Model,
        batches: BatchScheduler,
        options: DecodingOptions,
        brief: int = BRIEF,
    ) -> None:
        """`brief`: the most samples that are decoded in a short window."""
        self._brief = brief
        self._model = model
        self._batches = batches
        self._options = options

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokens."""
        return self._model.vocabulary

    @property
    def idle(self) -> bool:
        """Whether no request uses the model."""
        return self._batches.idle

    async def decode(
        self,
        samples: Floats,
        prompt: Callable[[str | None], Prompt],
        language: str | None,
    ) -> tuple[Attempt, str | None]:
        """Return the best attempt at a window and its language, which is detected if None.

        `prompt` is called with that language. Brief sound in one of `BRIEF_LANGUAGES` is decoded
        in a short window first, and again in a whole one if there is any doubt.
        """
        before = None
        if language in BRIEF_LANGUAGES and len(samples) <= self._brief:
            encoded = await self._batches.call(self._model.encode, samples, BRIEF_FRAMES)
            attempt = await self._attempt(
                encoded, samples, prompt(language), language, self._options.temperatures[0]
            )
            if quality.is_certain(attempt, self._options.thresholds):
                return await self._with_rivals(attempt, encoded, language), language
            _LOGGER.debug("Doubtful in a short window: %s", quoted(attempt))
            before = attempt
        encoded = await self._batches.call(self._model.encode, samples)
        spoken = language or await self._language(encoded)
        attempt = await self._with_fallback(encoded, samples, prompt(spoken), spoken)
        attempt = await self._with_rivals(attempt, encoded, spoken)
        return quality.with_other(attempt, before, self._options.thresholds), spoken

    async def _with_rivals(
        self, attempt: Attempt, encoded: Encoded, language: str | None
    ) -> Attempt:
        """Return an attempt with the texts, too, whose figures may have been said instead."""
        texts = figures.rivals(attempt.text)
        if not texts:
            return attempt
        vocabulary = self._model.vocabulary
        tokens = [vocabulary.encode(f" {text}") for text in (attempt.text, *texts)]
        start = vocabulary.start(language, self._options.task)
        best, *others = await self._batches.call(self._model.logprobs, encoded, start, tokens)
        found = alternatives(
            attempt.text,
            [(other, best - found) for other, found in zip(tokens[1:], others, strict=True)],
            vocabulary.decode,
            figures.MARGIN,
        )
        merged = distinct(attempt.text, (*found, *attempt.alternatives))
        return msgspec.structs.replace(attempt, alternatives=merged)

    async def _with_fallback(
        self, encoded: Encoded, samples: Floats, prompt: Prompt, language: str | None
    ) -> Attempt:
        """Try one temperature after another until a result is acceptable."""
        attempts = []
        for temperature in self._options.temperatures:
            attempt = await self._attempt(encoded, samples, prompt, language, temperature)
            if not quality.try_again(attempt, self._options.thresholds):
                return attempt
            _LOGGER.debug("Doubtful: %s", quoted(attempt))
            attempts.append(attempt)
        return quality.best(attempts, self._options.thresholds)

    async def _language(self, encoded: Encoded) -> str | None:
        if not self._model.vocabulary.multilingual:
            return None
        found: str = await self._batches.call(self._model.language, encoded)
        return found

    async def _attempt(
        self,
        encoded: Encoded,
        samples: Floats,
        prompt: Prompt,
        language: str | None,
        temperature: float,
    ) -> Attempt:
        vocabulary = self._model.vocabulary
        found = await self._batches.generate(
            encoded,
            prompt.tokens(vocabulary, language, self._options.task),
            msgspec.structs.replace(self._options.search, temperature=temperature),
            token_limit(len(samples)),
        )
        text = vocabulary.decode(found.tokens).strip()
        return Attempt(
            text=text,
            tokens=found.tokens,
            avg_logprob=found.avg_logprob,
            no_speech_prob=found.no_speech_prob,
            ended=found.ended,
            temperature=temperature,
            seconds=len(samples) / RATE,
            alternatives=alternatives(text, found.others, vocabulary.decode),
        )


def token_limit(samples: int) -> int:
    """Return the most tokens that can be spoken in this number of samples."""
    return min(MAX_TOKENS, BASE_TOKENS + TOKENS_PER_SECOND * samples // RATE)
