"""Piper as an engine: options, streams, cancellation, concurrency, cached phrases."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from satellite.components import spec
from satellite.errors import ConfigError, EngineClosed, EngineFailed, ModelMissing
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import AudioChunk, SpeechRequest
from servers.tts.piper.engine import CHUNK_SECONDS, Piper
from tests.support.piper_voice import HOP, VoiceSpec, make_voice

SENTENCE = "The lamp in the living room is on, and the heater in the kitchen is off."


def make(component: str | Path, folder: Path | None = None) -> Piper:
    models = ModelSettings(folder=str(folder or ""), offline=True)
    engine = spec.create("tts", f"piper:{component}", EngineContext(models=models))
    assert isinstance(engine, Piper)
    return engine


async def chunks(engine: Piper, request: str | SpeechRequest) -> list[AudioChunk]:
    request = SpeechRequest(text=request) if isinstance(request, str) else request
    return [chunk async for chunk in engine.synthesize(request)]


async def spoken(engine: Piper, request: str | SpeechRequest) -> bytes:
    return b"".join(chunk.audio for chunk in await chunks(engine, request))


async def test_speaks_in_short_chunks_of_the_voices_format(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    found = await chunks(engine, SENTENCE)
    assert {(chunk.format.rate, chunk.format.channels) for chunk in found} == {(22050, 1)}
    assert max(chunk.format.seconds(chunk.audio) for chunk in found) <= CHUNK_SECONDS
    samples = np.frombuffer(b"".join(chunk.audio for chunk in found), "<i2")
    assert len(samples) % HOP == 0
    assert len(samples) > 60 * HOP
    assert np.abs(samples).max() > 30_000
    await engine.close()


async def test_options_change_how_it_sounds(voice: Path) -> None:
    async def of(options: str) -> np.ndarray:
        engine = make(f"{voice}?{options}")
        audio = await spoken(engine, "One two three.")
        await engine.close()
        return np.frombuffer(audio, "<i2").astype(float)

    usual = await of("rate=1")
    assert len(await of("rate=1.5")) == pytest.approx(len(usual) / 1.5, rel=0.01)
    assert len(await of("length_scale=2")) == pytest.approx(len(usual) * 2, rel=0.01)
    assert len(await of("length_scale=2&rate=2")) == len(usual)
    assert len(await of("noise_w_scale=1")) > len(usual)
    assert np.std(await of("volume=0.5")) == pytest.approx(np.std(usual) / 2, rel=0.01)
    assert not np.array_equal(await of("noise_scale=0.5"), usual)
    for wrong in ("rate=9", "length_scale=0", "volume=loud", "noise_scale=-1", "lenght_scale=1"):
        with pytest.raises(ConfigError, match=wrong.partition("=")[0]):
            make(f"{voice}?{wrong}")


async def test_silence_is_inserted_only_between_sentences(voice: Path) -> None:
    two = "One two three four. Five six seven eight."
    without, with_some = make(f"{voice}?sentence_silence=0"), make(f"{voice}?sentence_silence=0.5")
    plain, wider = await spoken(without, two), await spoken(with_some, two)
    assert len(wider) - len(plain) == 22050
    assert len(await spoken(with_some, "One two.")) == len(await spoken(without, "One two."))
    later = SpeechRequest(text="One two.", ahead=1.0)  # part of an answer that has begun
    assert len(await spoken(with_some, later)) - len(await spoken(without, later)) == 22050
    await without.close()
    await with_some.close()


async def test_the_first_clause_is_sent_before_the_rest_is_synthesized(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    async with aclosing(engine.synthesize(SpeechRequest(text=f"{SENTENCE} " * 2000))) as speech:
        async with asyncio.timeout(5):
            assert (await anext(speech)).audio
    assert await spoken(engine, "Ready again.")
    await engine.close()


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!", "\0", "\ud800"])
async def test_text_without_words_is_silent(voice: Path, text: str) -> None:
    engine = make(voice)
    assert await spoken(engine, text) == b""
    await engine.close()


@pytest.mark.parametrize(
    "text", ["a\0b", "x\ud800y", "[[h@'l]]", "[[x", "日本語 one", "\x1b[1m ok"]
)
async def test_unusual_text_is_spoken_without_errors(voice: Path, text: str) -> None:
    engine = make(voice)
    assert await spoken(engine, text)
    await engine.close()


async def test_requests_at_the_same_time_do_not_mix(voice: Path) -> None:
    engine = make(f"{voice}?cache=0")
    texts = [f"{SENTENCE} Number {number}. {SENTENCE}" for number in range(6)]
    alone = [len(await spoken(engine, text)) for text in texts]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(spoken(engine, text)) for text in texts]
    assert [len(task.result()) for task in tasks] == alone
    await engine.close()


async def test_a_new_request_does_not_wait_for_a_long_text(voice: Path) -> None:
    """During a long text without playback, a new request gets sound within one piece."""
    engine = make(f"{voice}?cache=0")
    await engine.load()
    order: list[str] = []

    async def listen(name: str, text: str, after: int) -> None:
        while len(order) < after:
            await asyncio.sleep(0)
        async with aclosing(engine.synthesize(SpeechRequest(text=text))) as speech:
            async for _ in speech:
                order.append(name)  # noqa: PERF401 - one by one, as they arrive

    async with asyncio.TaskGroup() as group:
        group.create_task(listen("long", f"{SENTENCE} " * 40, 0))
        group.create_task(listen("short", "One two three four five.", 10))
    first = order.index("short")
    assert order[first:].count("long") > 50
    await engine.close()


async def test_phrases_are_cached_by_voice_and_style(store: Path) -> None:
    engine = make("en_US-one-low?noise_scale=0.3", store)
    first = await spoken(engine, "The lamp is on.")
    held = engine.phrases.bytes
    assert held == len(first)
    assert await spoken(engine, "The lamp is on.") == first
    assert engine.phrases.bytes == held
    other = SpeechRequest(text="The lamp is on.", voice="en_GB-many-low", speaker="joe")
    assert await spoken(engine, other) != first
    await engine.close()


async def test_a_broken_voice_is_named(tmp_path: Path) -> None:
    path = make_voice(tmp_path, VoiceSpec(name="bad"))
    path.write_bytes(b"<!DOCTYPE html><html>not found</html>")
    engine = make(path)
    with pytest.raises(EngineFailed, match=r"bad\.onnx cannot be loaded"):
        await engine.load()
    await engine.close()
    path.with_name("bad.onnx.json").write_text("{}")
    engine = make(path)
    with pytest.raises(EngineFailed, match=r"bad\.onnx\.json does not describe"):
        await engine.load()
    await engine.close()
    engine = make(tmp_path / "none.onnx")
    with pytest.raises(ModelMissing, match=r"none\.onnx"):
        await engine.load()
    await engine.close()


async def test_close_is_final(voice: Path) -> None:
    engine = make(voice)
    await engine.close()
    with pytest.raises(EngineClosed):
        await engine.load()
    with pytest.raises(EngineClosed):
        await spoken(engine, "")


async def test_a_thousand_abandoned_requests_leave_no_trace(voice: Path) -> None:
    engine = make(f"{voice}?cache=0")
    await engine.load()

    async def abandon(number: int) -> None:
        speech = engine.synthesize(SpeechRequest(text=f"{number}. {SENTENCE} " * 50))
        async with aclosing(speech):
            if number % 3:
                async with asyncio.timeout(0.001 * (number % 3)):
                    await anext(speech)

    for start in range(0, 1000, 50):
        await asyncio.gather(*map(abandon, range(start, start + 50)), return_exceptions=True)
    assert engine.waiting == 0
    assert await spoken(engine, "Ready again.")
    await engine.close()
