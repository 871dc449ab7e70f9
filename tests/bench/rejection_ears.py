"""The recognizers of the measurement of rejection."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache, partial
from typing import Any

import msgspec

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.values import TranscribeRequest, Transcript
from servers.asr.sphinx.engine import PocketSphinx
from servers.asr.sphinx.recognizer import Recognizer
from tests.support.real_models import cache as model_cache


class Heard(msgspec.Struct, frozen=True):
    text: str
    confidence: float
    """Infinite for a recognizer that has none."""
    alternatives: tuple[str, ...] = ()


Ear = Callable[[bytes, tuple[str, ...]], Heard]
"""Returns the text of 16 kHz mono sound; `answers` are expected ones to a question."""


@cache
def _recognizer() -> Recognizer:
    return PocketSphinx(PocketSphinx.Options()).make_recognizer((USUAL_NAMES, USUAL_AREAS))


def _pocketsphinx(audio: bytes, answers: tuple[str, ...]) -> Heard:
    recognizer = _recognizer()
    recognizer.begin()
    recognizer.feed(audio)
    text, confidence = recognizer.finish(answers)
    if not text:
        return Heard("", confidence)
    sentence = text
    text = recognizer.with_rivals(sentence, confidence)
    other = recognizer.other_value(text, confidence) if text == sentence else ""
    return Heard(text, confidence, (other,) if other else ())


@cache
def _whisper(model: str) -> tuple[Any, asyncio.AbstractEventLoop]:
    from servers.asr.whisper.engine import FasterWhisper

    options = FasterWhisper.Options(model=str(model_cache() / model), cpu_threads=1)
    engine, loop = FasterWhisper(options), asyncio.new_event_loop()
    loop.run_until_complete(engine.load())
    return engine, loop


def _hear_whisper(model: str, audio: bytes, answers: tuple[str, ...]) -> Heard:
    engine, loop = _whisper(model)

    async def hear() -> Transcript:
        # the connected home of the situation tells its names, as it does PocketSphinx
        request = TranscribeRequest(language="en", names=USUAL_NAMES, terms=USUAL_AREAS)
        *_partial, final = [each async for each in engine.transcribe(_once(audio), request)]
        return final

    heard = loop.run_until_complete(hear())
    return Heard(heard.text.strip(), math.inf, heard.alternatives)


async def _once(audio: bytes) -> AsyncIterator[bytes]:
    yield audio


EARS: Mapping[str, Ear] = {
    "pocketsphinx": _pocketsphinx,
    "whisper-base": partial(_hear_whisper, "whisper-base"),
    "whisper-tiny.en": partial(_hear_whisper, "whisper-tiny.en"),
}
"""By the names of the flag `--ear`."""
