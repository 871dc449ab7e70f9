"""A word counts that both detectors have heard; the second one works only where the first did."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import EARLY, LATE, Confirmed, TwoStage
from satellite.components.spec import create
from satellite.errors import ModelMissing
from satellite.values import Detection
from tests.builtin.wake.hearing import hear, said
from tests.support import recordings
from tests.support.speech import silence

CONTEXT = 20 * HOP
"""Samples that the scripted second detector says it needs."""


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[TwoStage]:
    made = create("wake", "two-stage:okay_nabu,hey_jarvis")
    assert isinstance(made, TwoStage)
    await made.load()
    yield made
    await made.close()


@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_hears_people(engine: TwoStage, word: str) -> None:
    found = await hear(engine, recordings.samples(word) + silence(1))
    assert [detection.word for detection in found] == [word]


@pytest.mark.parametrize("text", ["okay now", "okay taboo", "okay nothing"])
async def test_what_only_sounds_like_the_word_to_the_first_is_none(
    engine: TwoStage, text: str
) -> None:
    audio = said(text, "en-gb")
    first = MicroWakeWord(MicroWakeWord.Options())
    assert len(await hear(first, audio)) == 1
    await first.close()
    assert await hear(engine, audio) == []


async def test_the_second_hears_what_it_would_have_heard_had_it_always_listened(
    engine: TwoStage,
) -> None:
    """It joins in late, and is caught up."""
    audio = said("what is the time now my friend") + said("okay nabu") + silence(1)
    second = OpenWakeWord(OpenWakeWord.Options(threshold=0.1, rest=False))
    [always] = await hear(second, audio)
    await second.close()
    [joined] = await hear(engine, audio)
    assert joined.sample == always.sample
    assert joined.score == pytest.approx(always.score, abs=1e-3)


async def test_what_is_nearly_the_word_to_the_second_is_told(engine: TwoStage) -> None:
    told: list[tuple[str, float]] = []
    engine.nearly = lambda word, score: told.append((word, score))
    assert await hear(engine, said("okay no", "en-us") + silence(2)) == []
    [(word, score)] = told
    assert word == "okay_nabu"
    assert 0.05 <= score < 0.1


async def test_a_word_that_one_of_them_does_not_know() -> None:
    made = create("wake", "two-stage:hey_rhasspy")
    with pytest.raises(ModelMissing, match="hey_rhasspy"):
        await made.load()
    await made.close()


async def test_the_words_are_those_that_both_know(engine: TwoStage) -> None:
    names = {model.name for model in engine.describe().models}
    assert {"okay_nabu", "hey_jarvis", "alexa", "hey_mycroft"} == names


class Scripted:
    """A detector that hears words at given samples, and notes what it is asked to do."""

    def __init__(self, *words: tuple[str, int]) -> None:
        self.context = CONTEXT
        self.asked: list[tuple[str, int]] = []
        self._words = words
        self._now = 0

    def peak(self, audio: bytes) -> float:
        return 0.0

    def skip(self, samples: int) -> None:
        self._now += samples
        self.asked.append(("skip", samples))

    def recall(self, audio: bytes) -> None:
        self._now += len(audio) // 2
        self.asked.append(("recall", len(audio) // 2))

    def hear(self, audio: bytes) -> list[Detection]:
        begun, self._now = self._now, self._now + len(audio) // 2
        self.asked.append(("hear", len(audio) // 2))
        return [
            Detection(word=word, score=0.5, sample=at)
            for word, at in self._words
            if begun < at <= self._now
        ]

    def glance(self, audio: bytes) -> list[Detection]:
        return self.hear(audio)


def listen(stream: Confirmed, hops: int) -> list[Detection]:
    """Give it silence as the engine does: most of it at a glance."""
    found = []
    for _ in range(hops):
        heard = stream.glance(bytes(2 * HOP))
        found += stream.hear(bytes(2 * HOP)) if heard is None else heard
    return found


def test_the_second_rests_until_there_is_a_sign() -> None:
    first, second = Scripted(("word", 100 * HOP)), Scripted()
    stream = Confirmed(first, second)
    assert listen(stream, 99) == []
    assert second.asked == []
    assert listen(stream, 200) == []
    kept = CONTEXT + EARLY
    began = [("skip", 100 * HOP - kept), ("recall", CONTEXT), ("hear", EARLY)]
    assert second.asked[:3] == began
    assert second.asked[3:-1] == [("hear", HOP)] * (LATE // HOP + 1)
    assert second.asked[-1] == ("skip", 0)


@pytest.mark.parametrize("after", [-EARLY + HOP, 0, LATE])
def test_both_need_not_hear_the_word_at_once(after: int) -> None:
    stream = Confirmed(Scripted(("word", 100 * HOP)), Scripted(("Word", 100 * HOP + after)))
    assert [found.word for found in listen(stream, 200)] == ["Word"]


@pytest.mark.parametrize("after", [-EARLY - HOP, LATE + HOP])
def test_another_time_is_another_word(after: int) -> None:
    stream = Confirmed(Scripted(("word", 100 * HOP)), Scripted(("word", 100 * HOP + after)))
    assert listen(stream, 200) == []


def test_the_sign_of_another_word_confirms_nothing_until_its_own_comes() -> None:
    first = Scripted(("other", 100 * HOP), ("word", 108 * HOP))
    stream = Confirmed(first, Scripted(("word", 102 * HOP)))
    assert listen(stream, 107) == []
    assert [found.sample for found in listen(stream, 1)] == [102 * HOP]


def test_what_was_left_out_is_not_listened_to_by_either() -> None:
    first, second = Scripted(("word", 300 * HOP)), Scripted()
    stream = Confirmed(first, second)
    listen(stream, 10)
    stream.skip(200 * HOP)
    stream.recall(bytes(2 * stream.context))
    listen(stream, 300 - 210 - stream.context // HOP)
    kept = CONTEXT + EARLY
    assert second.asked == [("skip", 300 * HOP - kept), ("recall", CONTEXT), ("hear", EARLY)]
