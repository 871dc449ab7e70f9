"""From a window of sound to a text that can be answered for."""

from __future__ import annotations

import logging
from typing import Literal

import msgspec

from servers.asr.whisper import quality
from servers.asr.whisper.batches import Batches
from servers.asr.whisper.initial_prompt import Prompt
from servers.asr.whisper.model import Encoded, Floats, Model, Search
from servers.asr.whisper.quality import Attempt, Thresholds
from servers.asr.whisper.windows import FRAMES, RATE, encoder_frames

_LOGGER = logging.getLogger(__name__)

BASIS = 48
"""Tokens that even the shortest utterance may have."""
PER_SECOND = 25
"""Tokens for each second more. Speech has up to 8; scripts that are told byte by byte up to 25."""
USUAL = 224
"""Most tokens of one window: half of Whisper's context."""


class DecodingHabits(msgspec.Struct, frozen=True):
    """How windows are decoded, the same for all."""

    search: Search = Search()
    temperatures: tuple[float, ...] = (0.0,)
    thresholds: Thresholds = Thresholds()
    task: str = "transcribe"
    encoder_window: Literal["full", "auto"] = "full"


class Decoder:
    """Decodes windows, and again where the result is doubtful."""

    def __init__(self, model: Model, batches: Batches, habits: DecodingHabits) -> None:
        self._model = model
        self._batches = batches
        self._habits = habits

    async def decode(
        self, samples: Floats, prompt: Prompt, language: str | None
    ) -> tuple[Attempt, str | None]:
        """The best attempt at a window, and its language, detected if None is given.

        A short encoder window is tried once; when what it gives is not good, the full one decides.
        """
        frames = FRAMES
        if self._habits.encoder_window == "auto":
            frames = encoder_frames(len(samples))
        if frames < FRAMES:
            encoded = await self._batches.call(self._model.encode, samples, frames)
            spoken = language or await self._language(encoded)
            attempt = await self._attempt(encoded, samples, prompt, spoken, 0.0)
            if quality.good(attempt, self._habits.thresholds):
                return attempt, spoken
            _LOGGER.debug("Decoding again with the full window: %s", attempt)
        encoded = await self._batches.call(self._model.encode, samples, FRAMES)
        spoken = language or await self._language(encoded)
        return await self._with_fallback(encoded, samples, prompt, spoken), spoken

    async def _with_fallback(
        self, encoded: Encoded, samples: Floats, prompt: Prompt, language: str | None
    ) -> Attempt:
        """Try one temperature after the other until a result will do."""
        attempts = []
        for temperature in self._habits.temperatures:
            attempt = await self._attempt(encoded, samples, prompt, language, temperature)
            if not quality.try_again(attempt, self._habits.thresholds):
                return attempt
            _LOGGER.debug("Doubtful: %s", attempt)
            attempts.append(attempt)
        return quality.best(attempts, self._habits.thresholds)

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
            prompt.tokens(vocabulary, language, self._habits.task),
            msgspec.structs.replace(self._habits.search, temperature=temperature),
            longest(len(samples)),
        )
        return Attempt(
            text=vocabulary.decode(found.tokens).strip(),
            tokens=found.tokens,
            avg_logprob=found.avg_logprob,
            no_speech_prob=found.no_speech_prob,
            ended=found.ended,
            temperature=temperature,
        )


def longest(samples: int) -> int:
    """Tokens that can be said in so many samples."""
    return min(USUAL, BASIS + PER_SECOND * samples // RATE)
