"""PocketSphinx recognizes commands and rejects other sounds."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest
import pytest_asyncio

from satellite.errors import EngineClosed, LanguageUnknown
from satellite.ports import Asr
from satellite.turns.own_sentences import own_sentences
from satellite.values import TranscribeRequest, Transcript
from servers.asr.sphinx import networks
from servers.asr.sphinx.engine import PocketSphinx
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import Vocabulary
from tests.support import recordings
from tests.support.speech import VOICE, noise, silence, speak

ANY = TranscribeRequest()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[PocketSphinx]:
    made = PocketSphinx(PocketSphinx.Options())
    await made.load()
    yield made
    await made.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


def spoken(text: str, voice: str = VOICE) -> bytes:
    """Return an utterance as the satellite sends it, with the hiss of a quiet room."""
    return hissing(silence(0.3) + speak(text, voice) + silence(0.7), 20)


def hissing(pcm: bytes, level: float) -> bytes:
    hiss = np.random.default_rng(0).normal(0, level, len(pcm) // 2)
    return (np.frombuffer(pcm, "<i2") + hiss).clip(-32768, 32767).astype("<i2").tobytes()


async def chunks(audio: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(audio), size):
        yield audio[start : start + size]


async def hear(
    engine: PocketSphinx, audio: bytes, size: int = 3200, request: TranscribeRequest = ANY
) -> str:
    return (await heard_in(engine, audio, size, request)).text


async def heard_in(
    engine: PocketSphinx, audio: bytes, size: int = 3200, request: TranscribeRequest = ANY
) -> Transcript:
    async with aclosing(engine.transcribe(chunks(audio, size), request)) as results:
        finals = [result async for result in results]
    assert [result.final for result in finals] == [True]
    return finals[0]


async def test_pocketsphinx_conforms(engine: PocketSphinx) -> None:
    assert isinstance(engine, Asr)
    (model,) = engine.describe().models
    assert (model.name, model.languages) == ("en-us", ("en", "en-US"))


async def test_a_recorded_command_is_recognized_exactly(engine: PocketSphinx) -> None:
    audio = recordings.samples("turn_on_the_living_room_lamp")
    assert await hear(engine, audio) == "turn on the living room lamp"


@pytest.mark.parametrize("number", ["thirteen", "thirty", "fifteen", "fifty", "sixteen"])
async def test_a_teen_is_not_taken_for_a_ten(engine: PocketSphinx, number: str) -> None:
    heard = await hear(engine, spoken(f"set a timer for {number} minutes", "en-us+f1"))
    assert number in heard.split()


@pytest.mark.parametrize("number", ["ten", "two"])
async def test_ten_is_not_taken_for_two(engine: PocketSphinx, number: str) -> None:
    request = f"set an alarm for {number} minutes"
    assert await hear(engine, spoken(request, "en-us")) == request


async def test_a_value_that_another_fits_nearly_as_well_is_given_with_it(
    engine: PocketSphinx,
) -> None:
    """Without it, "set an alarm for two thirty" is done."""
    text = "set an alarm for seven thirty"
    final = await heard_in(engine, spoken(text, "en-us"))
    assert text in (final.text, *final.alternatives)
    request = TranscribeRequest(answers=("two thirty", "seven thirty", "the first", "the second"))
    answer = await heard_in(engine, spoken("seven thirty", "en-us"), request=request)
    assert "seven thirty" in (answer.text, *answer.alternatives)


@pytest.mark.parametrize(
    "text",
    [
        "do not turn on the kitchen light",
        "don't set a timer for ten minutes",
        "did you turn on the kitchen light",
        "i did not cancel the timer",
        "why are the kitchen lights on",
        "turn on the kitchen light in ten minutes",
        "turn on the kitchen light tomorrow morning",
        "turn off the heater at nine",
        "turn on the lamp and the radio",
    ],
)
async def test_a_command_with_other_words_is_rejected(engine: PocketSphinx, text: str) -> None:
    assert await hear(engine, spoken(text)) == ""


async def test_only_a_text_with_a_value_is_decoded_again(
    engine: PocketSphinx, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    def counting(places: list[dict[str, float]]) -> str:
        decoded.append(places)
        return network(places)

    network = networks.sentence
    monkeypatch.setattr(networks, "sentence", counting)
    assert await hear(engine, spoken("what time is it")) == "what time is it"
    assert decoded == []
    heard = await hear(engine, spoken("set a timer for fifteen minutes"))
    assert "fifteen" in heard.split()
    assert len(decoded) in (1, 2), "with its rivals, then with the other numbers"
    assert {"fifteen", "fifty"} <= decoded[0][4].keys()
    assert all("fifty" not in places[4] for places in decoded[1:]), "it has a limit of its own"
    decoded.clear()
    assert await hear(engine, spoken("set a timer for five minutes"))
    assert {"five", "nine"} <= decoded[0][4].keys()


ANSWERS = ("the first", "the second", "fifteen", "fifteen minutes", "fifty", "fifty minutes")


@pytest.mark.parametrize("text", ["the first", "the second", "fifteen", "fifty"])
async def test_an_expected_answer_is_recognized(engine: PocketSphinx, text: str) -> None:
    request = TranscribeRequest(answers=ANSWERS)
    assert text in await hear(engine, spoken(text, "en-us+m3"), request=request)


async def test_another_command_than_an_expected_answer_is_recognized(engine: PocketSphinx) -> None:
    asked = TranscribeRequest(answers=ANSWERS)
    for text in ("turn on the kitchen light", "cancel the timer"):
        assert await hear(engine, spoken(text, "en-us+m3"), request=asked) == text
    assert await hear(engine, spoken("the cat is on the table", "en-us+m3"), request=asked) == ""
    unknown = TranscribeRequest(answers=("zyxwv",))
    assert (
        await hear(engine, spoken("cancel the timer", "en-us+m3"), request=unknown)
        == "cancel the timer"
    )


@pytest.mark.parametrize("pause", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("name", ["okay_nabu", "hey_jarvis"])
async def test_the_end_of_the_wake_word_and_a_pause_are_ignored(
    engine: PocketSphinx, name: str, pause: float
) -> None:
    end = recordings.samples(name)[-9600:]  # 0.3 s, as the satellite sends it
    command = recordings.samples("turn_on_the_living_room_lamp")
    audio = hissing(end + silence(pause) + command + silence(0.7), 3)
    assert await hear(engine, audio) == "turn on the living room lamp"


async def test_most_commands_of_an_unfamiliar_voice_are_recognized(
    engine: PocketSphinx,
) -> None:
    texts = (
        *("what time is it", "cancel the timer", "volume up", "stop", "repeat that"),
        *("turn on the kitchen light", "set a timer for ten minutes", "turn on the lights"),
    )
    wrong = [text for text in texts if await hear(engine, spoken(text)) != text]
    assert len(wrong) <= 1, wrong


async def test_talk_is_rejected(engine: PocketSphinx) -> None:
    texts = (
        *("turn on the washing machine", "what is your name", "the cat is on the table"),
        *("stop talking to me like that", "could you pass me the salt", "how much is that jacket"),
    )
    transcribed = {text: await hear(engine, spoken(text)) for text in texts}
    assert transcribed == dict.fromkeys(texts, "")


@pytest.mark.parametrize("name", ["okay_nabu", "hey_jarvis"])
async def test_a_wake_word_is_rejected(engine: PocketSphinx, name: str) -> None:
    assert await hear(engine, recordings.samples(name)) == ""


async def test_the_result_depends_neither_on_chunks_nor_on_earlier_utterances(
    engine: PocketSphinx,
) -> None:
    audio = spoken("what time is it")
    first = await hear(engine, audio)
    await hear(engine, noise(1.0, 0.3))
    assert {await hear(engine, audio, size) for size in (1, 777, 1001, 9600, len(audio))} == {first}


async def test_confidence_does_not_depend_on_earlier_utterances() -> None:
    recognizer = PocketSphinx(PocketSphinx.Options()).make_recognizer((("lamp",), ("kitchen",)))
    audio, results = spoken("what time is it"), set()
    for before in (b"", noise(1.0, 0.3), spoken("stop"), audio):
        for sound in (before, audio):
            recognizer.begin()
            recognizer.feed(sound)
            result = recognizer.finish()
        results.add(result)
    assert len(results) == 1


async def test_the_threshold_decides_on_acceptance() -> None:
    texts = []
    for confidence in (-100, 100):
        engine = PocketSphinx(PocketSphinx.Options(confidence=confidence))
        texts.append(await hear(engine, spoken("what time is it")))
        await engine.close()
    assert texts == ["what time is it", ""]


@pytest.mark.parametrize("audio", [b"", b"\0", silence(0.05), silence(3.0), noise(2.0, 0.1)])
async def test_no_voice_is_no_command(engine: PocketSphinx, audio: bytes) -> None:
    assert await hear(engine, audio) == ""


async def test_two_minutes_are_rejected_without_being_decoded(engine: PocketSphinx) -> None:
    assert await hear(engine, spoken("stop") + silence(120), 64000) == ""


async def test_overlapping_utterances_do_not_mix(engine: PocketSphinx) -> None:
    texts = ["what time is it", "stop", "turn on the kitchen light"]
    alone = [await hear(engine, spoken(text)) for text in texts]
    together = await asyncio.gather(*(hear(engine, spoken(text)) for text in texts))
    assert list(together) == alone


async def test_an_abandoned_utterance_leaves_no_trace(
    engine: PocketSphinx,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield noise(0.5)
            await asyncio.sleep(0)

    audio = spoken("what time is it")
    before = await hear(engine, audio)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(engine.transcribe(endless(), ANY))
    assert await hear(engine, audio) == before


async def test_idle_recognizers_are_unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servers.asr.sphinx.recognizers.IDLE_SECONDS", 0.05)
    engine = PocketSphinx(PocketSphinx.Options())
    made = []

    class Counted(Recognizer):
        def __init__(self, vocabulary: Vocabulary) -> None:
            super().__init__(vocabulary)
            made.append(weakref.ref(self))

    await engine.load()
    monkeypatch.setattr("servers.asr.sphinx.engine.Recognizer", Counted)
    audio = spoken("what time is it")
    first = await hear(engine, audio)
    async with asyncio.timeout(5):
        while made[-1]() is not None:
            await asyncio.sleep(0.01)
    assert await hear(engine, audio) == first
    await engine.close()
    assert [one() for one in made] == [None, None]


async def test_a_new_home_is_made_ready_before_its_first_utterance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = PocketSphinx(PocketSphinx.Options())
    request = TranscribeRequest(names=("purple parlor lamp",))
    await engine.prepare_for(request)
    monkeypatch.setattr("servers.asr.sphinx.build.VocabularyBuilder.build", None)
    monkeypatch.setattr("servers.asr.sphinx.vocabulary.read", None)
    text = "turn on the purple parlor lamp"
    assert await hear(engine, spoken(text), request=request) == text
    with pytest.raises(LanguageUnknown):
        await engine.prepare_for(TranscribeRequest(language="de"))
    await engine.close()


async def test_a_second_request_soon_after_finds_the_model_loaded(
    engine: PocketSphinx, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(engine, spoken("stop"))
    monkeypatch.setattr("servers.asr.sphinx.engine.Recognizer", None)
    assert await hear(engine, spoken("what time is it")) == "what time is it"


@pytest.mark.parametrize("language", ["de", "zh-TW", "pt_BR", "tlh", "enm"])
async def test_another_language_is_rejected_with_an_error_that_can_be_said(
    engine: PocketSphinx, language: str
) -> None:
    with pytest.raises(LanguageUnknown, match="only for English") as raised:
        await hear(engine, b"", request=TranscribeRequest(language=language))
    words = own_sentences("en").apology("asr", raised.value)
    assert words == "Sorry, speech recognition does not know this language."


@pytest.mark.parametrize("language", ["en", "en-GB", "en_US", None])
async def test_english_is_recognized_by_each_of_its_codes(
    engine: PocketSphinx, language: str | None
) -> None:
    assert await hear(engine, b"", request=TranscribeRequest(language=language)) == ""


async def test_close_is_idempotent_and_final() -> None:
    engine = PocketSphinx(PocketSphinx.Options())
    await engine.close()
    await engine.close()
    with pytest.raises(EngineClosed):
        await hear(engine, b"")
