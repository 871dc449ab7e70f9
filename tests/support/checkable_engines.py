"""Light engines whose input and output can be checked word by word.

Speech is a code: every word lasts `LENGTH` at a loudness of its own, so that `words` reads back
exactly what came out of a speaker, however often voices changed in the middle of a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np

from satellite.engines.resume_reply import GO_ON
from satellite.values import (
    AudioChunk,
    AudioFormat,
    Declined,
    EngineInfo,
    ModelInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)

FORM = AudioFormat(22050)
"""The format of the satellite's own cues, too, so that nothing is resampled."""
LENGTH = 0.08
"""Seconds of each word."""
ANSWER = "Alpha bravo charlie delta. Echo foxtrot golf hotel. India juliet kilo lima."
_SAMPLES = int(LENGTH * FORM.rate)
_WORDS = ANSWER.lower().replace(".", "").split()
_SOFTEST, _STEP = 6000, 700
_BETWEEN = 0.005
"""Seconds between two parts of an answer, so that a fault can occur in between."""


class _Checkable:
    async def load(self) -> None:
        """Do nothing: there is nothing to load."""

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def describe(self) -> EngineInfo:
        return EngineInfo(name="coded", models=(ModelInfo(name="code", languages=("en",)),))


class CheckableAsr(_Checkable):
    """Transcribes to the number of received bytes, after a partial transcript."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        count = 0
        async for chunk in audio:
            count += len(chunk)
        yield Transcript(text="heard", final=False)
        await asyncio.sleep(_BETWEEN)
        yield Transcript(text=f"heard {count}", final=True)


class CheckableLlm(_Checkable):
    """Answers word by word; a continued request continues after the words it names."""

    def __init__(self, *, goes_on: bool = True) -> None:
        self._goes_on = goes_on

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        rest = ANSWER
        if request.text == GO_ON:
            if not self._goes_on:
                yield Declined(text="What?")
                return
            rest = ANSWER.removeprefix(request.history[-1].text).strip()
        for word in rest.split():
            yield f"{word} "
            await asyncio.sleep(_BETWEEN)


class CheckableTts(_Checkable):
    """Speaks the code, one word at a time."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        for word in request.text.lower().replace(".", "").split():
            if word in _WORDS:
                level = _SOFTEST + _STEP * _WORDS.index(word)
                audio = np.full(_SAMPLES, level, "<i2").tobytes()
                yield AudioChunk(audio=audio, format=FORM)
                await asyncio.sleep(_BETWEEN)


def words(audio: bytes) -> list[str]:
    """Return the words in a speaker's sound, without other sounds.

    A word that was cut off counts from half of its length on.
    """
    samples = np.frombuffer(audio, "<i2")
    edges = np.flatnonzero(np.diff(samples.astype(np.int32))) + 1
    heard: list[str] = []
    for piece in np.split(samples, edges):
        number, odd = divmod(int(piece[0]) - _SOFTEST, _STEP) if len(piece) else (-1, 1)
        if not odd and 0 <= number < len(_WORDS):
            heard += [_WORDS[number]] * round(len(piece) / _SAMPLES)
    return heard


EXPECTED = _WORDS
"""The words of the complete answer."""
