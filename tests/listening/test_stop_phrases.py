"""The stop words of a language, and what can recognize them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from satellite.languages.pack import installed
from satellite.listening.stop_phrases import of_all, plain, stop_recognition
from satellite.values import TranscribeRequest
from tests.support.engines import ScriptedAsr
from tests.support.speech import silence, speak


async def heard(asr: Any, audio: bytes, language: str) -> str:
    async def once() -> AsyncIterator[bytes]:
        yield audio

    request = TranscribeRequest(language=language)
    return [found.text async for found in asr.transcribe(once(), request)][-1]


@pytest.mark.parametrize("language", installed())
def test_every_pack_has_short_stop_words(language: str) -> None:
    found = stop_recognition(language, ScriptedAsr())
    assert len(found.phrases) >= 8
    assert all(0 < len(text) <= 18 for text in found.phrases)
    assert found.note == ""


def test_a_transcript_is_compared_without_its_signs() -> None:
    assert plain(" Arrête-toi !") == "arrête toi"
    assert plain("停。") == "停"
    assert plain("Stopp!") in stop_recognition("de", ScriptedAsr()).phrases


async def test_speech_recognition_of_the_language_is_used_and_not_closed() -> None:
    asr = ScriptedAsr(["Halt!"])
    found = stop_recognition("de-AT", asr)
    assert found.language == "de-AT"
    borrowed = found.create()
    assert plain(await heard(borrowed, silence(0.5), found.language)) in found.phrases
    assert await heard(borrowed, silence(0.3) + speak("stop") + silence(0.4), "de") == "stop"
    assert len(asr.requests) == 1  # the smaller recognizer has heard it
    await borrowed.close()
    assert not asr.closed


@pytest.mark.parametrize("language", ["de", "fr", "nl", "pl", "ru"])
async def test_without_it_stop_is_recognized_where_people_say_it(language: str) -> None:
    found = stop_recognition(language, None)
    assert found.phrases == {"stop"}
    assert found.language == "en"
    assert found.note.startswith(f"only stop is recognized in the language {language}; remedy: ")
    asr = found.create()
    assert await heard(asr, silence(0.3) + speak("stop") + silence(0.4), "en") == "stop"
    assert await heard(asr, silence(0.3) + speak("hello") + silence(0.4), "en") != "stop"
    await asr.close()


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_where_none_can_be_recognized_the_note_says_so(language: str) -> None:
    found = stop_recognition(language, None)
    assert found.phrases == frozenset()
    assert "satellite models pull whisper:" in found.note


def test_a_language_without_stop_words_is_named() -> None:
    assert stop_recognition("tlh", ScriptedAsr()).note == "the language tlh has none"


async def test_the_stop_words_of_two_languages_are_heard_each_by_its_own_recognizer() -> None:
    german, spanish = ScriptedAsr(["Schluss.", "Schluss."]), ScriptedAsr(["¡Basta!"])
    found = of_all([stop_recognition("de", german), stop_recognition("es", spanish)])
    asr = found.create()
    assert found.note == ""
    assert {"schluss", "basta"} <= found.phrases
    first = ScriptedAsr(["Wo ist das Licht?"])
    other = of_all([stop_recognition("de", first), stop_recognition("es", spanish)])
    second = other.create()
    assert plain(await heard(asr, silence(0.5), found.language)) == "schluss"
    assert not spanish.requests
    assert plain(await heard(second, silence(0.5), other.language)) == "basta"
    assert [request.language for request in first.requests + spanish.requests] == ["de", "es"]
    await asr.close()
    await second.close()
    assert not german.closed


async def test_a_language_whose_stop_words_cannot_be_heard_is_named_beside_one_whose_can() -> None:
    found = of_all([stop_recognition("en", None), stop_recognition("zh", None)])
    assert found.language == "en"
    assert "stop" in found.phrases
    assert found.note.startswith("none is recognized in the language zh; remedy: ")
