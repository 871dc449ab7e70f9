"""Speech that was synthesized before is at hand for the opening of an answer, within bounds."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from satellite.errors import EngineFailed
from satellite.settings import Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.openings import FRESH, LARGEST, LONGEST_TEXT, MEMORY, Openings
from satellite.turns.turn import Turn
from satellite.values import SPEECH, AudioChunk, SpeechRequest
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance


class NamedTts(ScriptedTts):
    """Has a label that may change."""

    label = "one"


async def say(openings: Openings, tts: ScriptedTts, text: str, **more: object) -> list[AudioChunk]:
    request = SpeechRequest(text=text, **more)  # type: ignore[arg-type]
    async with aclosing(openings.synthesize(tts, request)) as speech:
        return [chunk async for chunk in speech]


async def test_the_same_opening_is_synthesized_once() -> None:
    openings, tts = Openings(), NamedTts()
    first = await say(openings, tts, "It is ten.")
    assert await say(openings, tts, "It is ten.", ahead=0.5) == first
    assert tts.texts == ["It is ten."]


async def test_another_voice_language_or_engine_is_another_opening() -> None:
    openings, tts = Openings(), NamedTts()
    await say(openings, tts, "Okay.")
    await say(openings, tts, "Okay.", voice="joe")
    await say(openings, tts, "Okay.", language="de")
    tts.label = "two"
    await say(openings, tts, "Okay.")
    assert len(tts.texts) == 4


async def test_speech_that_broke_off_or_was_left_is_not_stored() -> None:
    openings, tts = Openings(), NamedTts(words=1, error=EngineFailed("broken"))
    with pytest.raises(EngineFailed):
        await say(openings, tts, "It is ten.")
    assert openings.size == 0
    tts = NamedTts()
    async with aclosing(openings.synthesize(tts, SpeechRequest(text="It is ten."))) as speech:
        await anext(speech)
    assert openings.size == 0


async def test_speech_that_another_engine_completed_is_not_stored() -> None:
    openings, tts = Openings(), NamedTts()
    async with aclosing(openings.synthesize(tts, SpeechRequest(text="It is ten."))) as speech:
        async for _ in speech:
            tts.label = "two"
    assert openings.size == 0


async def test_memory_is_bounded_and_what_was_used_last_remains() -> None:
    openings = Openings()
    tts = NamedTts(seconds_per_word=0.9 * LARGEST / 32000)
    for number in range(12):
        await say(openings, tts, f"number{number}")
        await say(openings, tts, "number0")
        assert openings.size <= MEMORY
    assert tts.texts.count("number0") == 1
    await say(openings, tts, "number1")
    assert tts.texts.count("number1") == 2


async def test_long_texts_and_long_speech_are_not_stored() -> None:
    openings = Openings()
    await say(openings, NamedTts(), "a" * (LONGEST_TEXT + 1))
    await say(openings, NamedTts(seconds_per_word=LARGEST / 32000 + 1), "slow")
    assert openings.size == 0


async def test_an_old_opening_is_used_once_more_and_then_synthesized_again() -> None:
    now = 0.0
    openings, tts = Openings(lambda: now), NamedTts()
    await say(openings, tts, "Okay.")
    now = FRESH + 1
    await say(openings, tts, "Okay.")
    assert tts.texts == ["Okay."]
    await say(openings, tts, "Okay.")
    assert tts.texts == ["Okay.", "Okay."]


async def test_only_the_first_sentence_of_an_answer_is_stored() -> None:
    openings, tts = Openings(), NamedTts()
    for _ in range(2):
        engines = Engines(ScriptedAsr(), ScriptedLlm([("Okay. ", "It is ten.")]), tts)
        stage = RecordedTurn()
        turn = Turn(utterance(), engines, Conversation(), Settings(), stage, openings=openings)
        await turn.run()
        assert len(stage.played) == 4 * SPEECH.bytes_of(0.1)
    assert tts.texts == ["Okay.", "It is ten.", "It is ten."]
