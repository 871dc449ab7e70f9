"""A text in a language that an engine has no voice for is spoken by another engine."""

from __future__ import annotations

import pytest

from satellite.engines.other_language import SpeaksAnyLanguage
from satellite.errors import EngineFailed, LanguageUnknown, ModelMissing
from satellite.ports import Tts
from satellite.values import AudioChunk, SpeechRequest
from tests.support.engines import ScriptedTts

REQUEST = SpeechRequest(text="guten Tag", language="de", voice="en_US-joe", speaker="2")


async def speech(engine: Tts) -> list[AudioChunk]:
    return [chunk async for chunk in engine.synthesize(REQUEST)]


async def test_the_stand_in_speaks_with_its_own_voice_of_the_language() -> None:
    english, other = ScriptedTts(error=LanguageUnknown("no German voice"), words=0), ScriptedTts()

    async def create() -> Tts:
        return other

    engine = SpeaksAnyLanguage(english, create)
    await engine.load()
    assert other.loads == 0
    assert len(await speech(engine)) == 2
    await speech(engine)
    (request, _) = other.requests
    assert (request.language, request.voice, request.speaker) == ("de", None, None)
    assert other.loads == 1
    await engine.close()
    assert english.closed
    assert other.closed


async def test_another_error_is_not_hidden_and_needs_no_stand_in() -> None:
    async def create() -> Tts:
        raise AssertionError

    for error in (EngineFailed("broken"), ModelMissing("no voice of that name")):
        engine = SpeaksAnyLanguage(ScriptedTts(error=error, words=0), create)
        with pytest.raises(type(error)):
            await speech(engine)


async def test_where_neither_speaks_it_the_first_error_is_raised() -> None:
    async def create() -> Tts:
        return ScriptedTts(error=ModelMissing("espeak has no voice"), words=0)

    engine = SpeaksAnyLanguage(ScriptedTts(error=LanguageUnknown("no voice"), words=0), create)
    with pytest.raises(LanguageUnknown, match="no voice"):
        await speech(engine)
