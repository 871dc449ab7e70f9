"""Properties of every wake engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from satellite.builtin.wake.engine import HOP, WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.errors import EngineClosed, ModelMissing
from satellite.ports import Wake
from satellite.values import DetectRequest
from tests.builtin.wake.feeding import detections, feed, spoken
from tests.support.speech import silence

KINDS = (OpenWakeWord, MicroWakeWord, TwoStage)

OKAY_NABU = ("okay nabu", "en-us", 150)
"""Detected by all engines."""


def make(kind: type[WakeEngine]) -> WakeEngine:
    """Make an engine with its default options."""
    return kind(kind.Options())  # type: ignore[attr-defined,call-arg]


@pytest_asyncio.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[WakeEngine]:
    made = make(request.param)
    await made.load()
    yield made
    await made.close()


async def test_is_a_wake_engine(engine: WakeEngine) -> None:
    assert isinstance(engine, Wake)


@pytest.mark.parametrize("size", [1, 3, 160, 1279, 1280, 1281, 2560, 50_000, 1_000_000])
async def test_chunk_size_makes_no_difference(engine: WakeEngine, size: int) -> None:
    audio = spoken(*OKAY_NABU)
    expected = await detections(engine, audio)
    assert [found.word for found in expected] == ["okay_nabu"]
    assert await detections(engine, audio, size=size) == expected


async def test_a_detection_has_position_and_score(engine: WakeEngine) -> None:
    """A two-stage score only has to confirm a word: it is lower, and its position less exact."""
    confirms = isinstance(engine, TwoStage)
    [found] = await detections(engine, spoken(*OKAY_NABU))
    assert (0.1 if confirms else 0.5) <= found.score <= 1
    assert found.phrase == "okay nabu"
    [later] = await detections(engine, silence(3) + spoken(*OKAY_NABU))
    assert abs(later.sample - found.sample - 3 * 16000) <= (4 if confirms else 1) * HOP


async def test_a_repeated_word_is_detected_again(engine: WakeEngine) -> None:
    assert len(await detections(engine, (spoken(*OKAY_NABU) + silence(1)) * 10)) == 10


@pytest.mark.parametrize("audio", [b"", b"\0", silence(0.079)])
async def test_silence_has_no_detection(engine: WakeEngine, audio: bytes) -> None:
    assert await detections(engine, audio) == []


async def test_streams_do_not_disturb_each_other(engine: WakeEngine) -> None:
    """Each of many concurrent streams has the detections that it would have alone."""
    sounds = [
        spoken(*OKAY_NABU),
        spoken("turn on the lamp") * 2,
        silence(2) + spoken(*OKAY_NABU),
        spoken("hey jarvis"),
    ]
    alone = [await detections(engine, audio) for audio in sounds]
    together = await asyncio.gather(*(detections(engine, audio) for audio in sounds))
    assert together == alone
    assert [len(found) for found in alone] == [1, 0, 1, 0]


async def test_an_abandoned_stream_leaves_no_state(engine: WakeEngine) -> None:
    audio = spoken(*OKAY_NABU)
    expected = await detections(engine, audio)
    async with aclosing(engine.detect(feed(audio * 3), DetectRequest())) as found:
        await anext(found)
    listening = asyncio.create_task(detections(engine, audio * 3, size=1280))
    await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert await detections(engine, audio) == expected


async def test_request_chooses_among_the_words(engine: WakeEngine) -> None:
    """A word is loaded when it is first requested."""
    audio = spoken("alexa", "en-us", 175) + spoken(*OKAY_NABU)
    both = await detections(engine, audio, words=("okay_nabu", "alexa"))
    assert [found.word for found in both] == ["alexa", "okay_nabu"]
    assert await detections(engine, audio, words=("Alexa",)) == both[:1]
    assert [found.word for found in await detections(engine, audio)] == ["okay_nabu"]


async def test_unknown_word(engine: WakeEngine) -> None:
    with pytest.raises(ModelMissing, match=r"\(did you mean okay_nabu\?\)$"):
        await detections(engine, silence(1), words=("okay_nabo",))


async def test_describes_its_words(engine: WakeEngine) -> None:
    models = {model.name: model for model in engine.describe().models}
    assert {"okay_nabu", "hey_jarvis", "hey_mycroft", "alexa"} <= set(models)
    assert models["okay_nabu"].phrase == "okay nabu"
    assert "en" in models["okay_nabu"].languages


@pytest.mark.parametrize("kind", KINDS)
async def test_load_and_close_are_idempotent(kind: type[WakeEngine]) -> None:
    engine = make(kind)
    await engine.load()
    await engine.load()
    await engine.close()
    await engine.close()
    with pytest.raises(EngineClosed):
        await engine.load()
    with pytest.raises(EngineClosed):
        await detections(engine, silence(1))


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_ends_a_stream(kind: type[WakeEngine]) -> None:
    engine = make(kind)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield silence(1)
            await asyncio.sleep(0)

    async def listen() -> None:
        async with aclosing(engine.detect(endless(), DetectRequest())) as found:
            async for detection in found:
                pytest.fail(f"heard {detection} in silence")

    listening = asyncio.create_task(listen())
    await engine.load()
    await engine.close()
    with pytest.raises(EngineClosed):
        await asyncio.wait_for(listening, 10)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_near_miss_is_reported_while_silence_follows(kind: type[WakeEngine]) -> None:
    """Recordings are of the last seconds before the report: it cannot wait for the next sound."""
    engine = kind(kind.Options(threshold=1.0))  # type: ignore[attr-defined,call-arg]
    reported_at: list[float] = []

    async def sound() -> AsyncIterator[bytes]:
        at = 0.0
        async for chunk in feed(
            silence(1) + spoken("okay nabu", "en-gb-scotland", 180) + silence(4)
        ):
            yield chunk
            at += len(chunk) / 32000
            reported_at.extend(at for _ in engine.take_near_misses())

    async with aclosing(engine.detect(sound(), DetectRequest())) as found:
        assert [detection async for detection in found] == []
    await engine.close()
    assert len(reported_at) == 1
    assert reported_at[0] < 2 + 0.8 + 3
