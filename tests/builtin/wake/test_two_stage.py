"""A word counts when both detectors find it; the second works only around candidates."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import CERTAIN, EARLY, LATE, TwoStage, TwoStageStream
from satellite.components.spec import create
from satellite.errors import ModelMissing
from satellite.values import Detection
from tests.builtin.wake.feeding import detections, spoken
from tests.support import recordings
from tests.support.speech import silence

CONTEXT = 20 * HOP
"""Context in samples of the scripted second detector."""


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[TwoStage]:
    made = create("wake", "two-stage:okay_nabu,hey_jarvis")
    assert isinstance(made, TwoStage)
    await made.load()
    yield made
    await made.close()


@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_hears_people(engine: TwoStage, word: str) -> None:
    found = await detections(engine, recordings.samples(word) + silence(1))
    assert [detection.word for detection in found] == [word]


@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_a_word_is_detected_as_late_as_by_the_second_alone(
    engine: TwoStage, word: str
) -> None:
    """Its threshold is lower, and reached before the end of the word."""
    audio = recordings.samples(word) + silence(1)
    alone = OpenWakeWord(OpenWakeWord.Options(words=(word,), rest=False))
    [late] = await detections(alone, audio)
    await alone.close()
    [found] = await detections(engine, audio)
    assert (found.sample, found.score) == (late.sample, pytest.approx(late.score, abs=1e-3))


@pytest.mark.parametrize("text", ["okay now", "okay taboo", "okay nothing"])
async def test_a_candidate_that_the_second_rejects_is_not_detected(
    engine: TwoStage, text: str
) -> None:
    audio = spoken(text, "en-gb")
    first = MicroWakeWord(MicroWakeWord.Options())
    assert len(await detections(first, audio)) == 1
    await first.close()
    assert await detections(engine, audio) == []


async def test_the_second_scores_as_if_it_had_always_listened(
    engine: TwoStage,
) -> None:
    """It starts late, and is primed."""
    audio = spoken("what is the time now my friend") + spoken("okay nabu") + silence(1)
    second = OpenWakeWord(OpenWakeWord.Options(threshold=0.15, rest=False), certain=CERTAIN)
    [always] = await detections(second, audio)
    await second.close()
    [joined] = await detections(engine, audio)
    assert joined.sample == always.sample
    assert joined.score == pytest.approx(always.score, abs=1e-3)


async def test_a_near_miss_of_the_second_is_reported(engine: TwoStage) -> None:
    assert await detections(engine, spoken("okay no", "en-us") + silence(2)) == []
    [(word, score)] = engine.take_near_misses()
    assert word == "okay_nabu"
    assert 0.075 <= score < 0.15


async def test_a_word_unknown_to_one_of_them_is_missing() -> None:
    made = create("wake", "two-stage:hey_rhasspy")
    with pytest.raises(ModelMissing, match="hey_rhasspy"):
        await made.load()
    await made.close()


async def test_it_describes_the_words_that_both_know(engine: TwoStage) -> None:
    names = {model.name for model in engine.describe().models}
    assert {"okay_nabu", "hey_jarvis", "alexa", "hey_mycroft"} == names


class Scripted:
    """A detector that finds words at scripted samples, and notes its calls."""

    def __init__(self, *words: tuple[str, int]) -> None:
        self.context = CONTEXT
        self.calls: list[tuple[str, int]] = []
        self._words = words
        self._now = 0

    def best_score(self, audio: bytes) -> float:
        return 0.0

    def skip(self, samples: int) -> None:
        self._now += samples
        self.calls.append(("skip", samples))

    def pause(self) -> None:
        self.calls.append(("pause", 0))

    def prime(self, audio: bytes) -> None:
        self._now += len(audio) // 2
        self.calls.append(("prime", len(audio) // 2))

    def process(self, audio: bytes) -> list[Detection]:
        begun, self._now = self._now, self._now + len(audio) // 2
        self.calls.append(("process", len(audio) // 2))
        return [
            Detection(word=word, score=0.5, sample=at)
            for word, at in self._words
            if begun < at <= self._now
        ]

    def process_at_once(self, audio: bytes) -> list[Detection]:
        return self.process(audio)


def listen(stream: TwoStageStream, hops: int) -> list[Detection]:
    """Give a stream silence as the engine does: at once where possible."""
    found = []
    for _ in range(hops):
        result = stream.process_at_once(bytes(2 * HOP))
        found += stream.process(bytes(2 * HOP)) if result is None else result
    return found


def test_the_second_is_idle_until_there_is_a_candidate() -> None:
    first, second = Scripted(("word", 100 * HOP)), Scripted()
    stream = TwoStageStream(first, second)
    assert listen(stream, 99) == []
    assert second.calls == []
    assert listen(stream, 200) == []
    history = CONTEXT + EARLY
    began = [("skip", 100 * HOP - history), ("prime", CONTEXT), ("process", EARLY)]
    assert second.calls[:3] == began
    assert second.calls[3:-1] == [("process", HOP)] * (LATE // HOP + 1)
    assert second.calls[-1] == ("skip", 0)


@pytest.mark.parametrize("after", [-EARLY + HOP, 0, LATE])
def test_both_need_not_detect_the_word_at_once(after: int) -> None:
    stream = TwoStageStream(Scripted(("word", 100 * HOP)), Scripted(("Word", 100 * HOP + after)))
    assert [found.word for found in listen(stream, 200)] == ["Word"]


@pytest.mark.parametrize("after", [-EARLY - HOP, LATE + HOP])
def test_detections_too_far_apart_confirm_nothing(after: int) -> None:
    stream = TwoStageStream(Scripted(("word", 100 * HOP)), Scripted(("word", 100 * HOP + after)))
    assert listen(stream, 200) == []


def test_a_candidate_of_another_word_confirms_nothing() -> None:
    first = Scripted(("other", 100 * HOP), ("word", 108 * HOP))
    stream = TwoStageStream(first, Scripted(("word", 102 * HOP)))
    assert listen(stream, 107) == []
    assert [found.sample for found in listen(stream, 1)] == [102 * HOP]


def test_skipped_samples_reach_neither() -> None:
    first, second = Scripted(("word", 300 * HOP)), Scripted()
    stream = TwoStageStream(first, second)
    listen(stream, 10)
    stream.skip(200 * HOP)
    stream.prime(bytes(2 * stream.context))
    listen(stream, 300 - 210 - stream.context // HOP)
    history = CONTEXT + EARLY
    assert second.calls == [("skip", 300 * HOP - history), ("prime", CONTEXT), ("process", EARLY)]
