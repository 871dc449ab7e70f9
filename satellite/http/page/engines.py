"""The engines of a program as browsers use them: shared, with each browser's own choices."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec

from satellite.audio.tempo import Tempo
from satellite.engines.language_gaps import knows, languages_of
from satellite.errors import PluginBroken
from satellite.languages import pack
from satellite.ports import Asr, EngineContext, Llm, Tts, Wake
from satellite.turns.borrowed import BorrowedLlm, BorrowedTts
from satellite.values import AudioChunk, ModelInfo, ReplyRequest, SpeechRequest


class SharedEngines(msgspec.Struct, frozen=True):
    """The engines of a program; None for what it lacks."""

    context: EngineContext
    llm: Llm
    asr: Asr | None = None
    tts: Tts | None = None
    wake: Wake | None = None


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to choose, by its name."""

    name: str
    label: str = ""
    languages: tuple[str, ...] = ()


class Choices(msgspec.Struct, frozen=True):
    """What a person may choose from."""

    languages: tuple[Choice, ...]
    models: tuple[Choice, ...]
    voices: tuple[Choice, ...]
    wake_words: tuple[str, ...]


def choices(engines: SharedEngines) -> Choices:
    """Return what there is to choose from now."""
    asr = languages_of("asr", engines.asr) if engines.asr is not None else ()
    words = _models(engines.wake) if engines.wake is not None else ()
    voices = _models(engines.tts) if engines.tts is not None else ()
    return Choices(
        languages=tuple(
            Choice(code, _name_of(code)) for code in pack.installed() if knows(code, asr)
        ),
        models=tuple(Choice(model.name, model.description) for model in _models(engines.llm)),
        voices=tuple(
            Choice(voice.name, voice.description, tuple(voice.languages)) for voice in voices
        ),
        wake_words=tuple(word.phrase or word.name.replace("_", " ") for word in words),
    )


def _models(engine: Any) -> tuple[ModelInfo, ...]:
    try:
        models: tuple[ModelInfo, ...] = engine.describe().models
    except Exception:  # a plugin may raise anything, and only a list is shorter
        return ()
    return tuple(model for model in models if model.installed)


def _name_of(code: str) -> str:
    try:
        return pack.pack(code).about.name
    except PluginBroken:
        return code


class ChosenLlm(BorrowedLlm):
    """A language model that answers with the model of a browser's choice."""

    def __init__(self, engine: Llm, model: str) -> None:
        super().__init__(engine)
        self._model = model

    def _adapted(self, request: ReplyRequest) -> ReplyRequest:
        return msgspec.structs.replace(request, model=self._model)


class ChosenVoice(BorrowedTts):
    """The voice of a browser, at the speed of its choice; silent where it is not wanted."""

    def __init__(
        self, engine: Tts | None, speaks: Callable[[], bool], speed: Callable[[], float]
    ) -> None:
        super().__init__(engine)
        self._speaks = speaks
        self._speed = speed

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if not self._speaks():
            return
        speed = self._speed()
        async with aclosing(super().synthesize(request)) as chunks:
            if speed == 1.0:
                async for chunk in chunks:
                    yield chunk
                return
            tempo: Tempo | None = None
            async for chunk in chunks:
                if tempo is None or tempo.format != chunk.format:
                    tempo = Tempo(speed, chunk.format)
                if changed := tempo.convert(chunk.audio):
                    yield AudioChunk(audio=changed, format=chunk.format)
            if tempo is not None and (rest := tempo.flush()):
                yield AudioChunk(audio=rest, format=tempo.format)
