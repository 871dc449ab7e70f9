"""eSpeak NG as an engine: voices, options, streams, cancellation, concurrency."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from satellite.components import spec
from satellite.errors import ConfigError, EngineClosed, ModelMissing
from satellite.values import AudioChunk, SpeechRequest
from servers.espeak.library import library
from servers.tts.espeak.engine import CHUNK_SECONDS, Espeak
from tests.support.speech import forms

SENTENCE = "The lamp in the living room is on."


async def spoken(engine: Espeak, request: str | SpeechRequest) -> bytes:
    request = SpeechRequest(text=request) if isinstance(request, str) else request
    return b"".join([chunk.audio async for chunk in engine.synthesize(request)])


def make(component: str = "espeak") -> Espeak:
    engine = spec.create("tts", component)
    assert isinstance(engine, Espeak)
    return engine


def loudness(audio: bytes) -> float:
    return float(np.sqrt(np.mean((np.frombuffer(audio, "<i2") / 32768) ** 2)))


async def test_speaks_at_once_in_short_chunks_of_one_format() -> None:
    engine = make()
    await engine.load()
    chunks = [chunk async for chunk in engine.synthesize(SpeechRequest(text=SENTENCE))]
    seconds = sum(chunk.format.seconds(chunk.audio) for chunk in chunks)
    assert 1.5 < seconds < 4
    assert {(chunk.format.rate, chunk.format.channels) for chunk in chunks} == {(22050, 1)}
    assert max(chunk.format.seconds(chunk.audio) for chunk in chunks) <= CHUNK_SECONDS
    assert 0.02 < loudness(b"".join(chunk.audio for chunk in chunks)) < 0.3
    await engine.close()


async def test_options_change_how_it_sounds() -> None:
    async def of(component: str) -> bytes:
        engine = make(component)
        audio = await spoken(engine, SENTENCE)
        await engine.close()
        return audio

    usual = await of("espeak")
    assert len(await of("espeak?rate=320")) < 0.7 * len(usual)
    assert loudness(await of("espeak?volume=30")) < 0.5 * loudness(usual)
    assert abs(pitch(await of("espeak?pitch=99")) / pitch(usual) - 1) > 0.1
    assert abs(len(await of("espeak:de")) / len(usual) - 1) > 0.02
    assert pitch(await of("espeak:en-us+f3")) > 1.2 * pitch(usual)
    with pytest.raises(ConfigError, match="rate"):
        spec.create("tts", "espeak?rate=1000")


def pitch(audio: bytes) -> float:
    """Return the mean pitch in Hz: each voiced frame's strongest period of 2.5 to 14 ms."""
    samples = np.frombuffer(audio, "<i2") / 32768
    frames = samples[: len(samples) // 1024 * 1024].reshape(-1, 1024)
    frames = frames[np.sqrt((frames**2).mean(axis=1)) > 0.05]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(1024), 4096)) ** 2
    periods = np.fft.irfft(spectrum)[:, 55:310].argmax(axis=1) + 55
    return float(22050 / np.median(periods))


async def test_each_request_may_choose_voice_language_and_variant() -> None:
    engine = make()
    usual = await spoken(engine, SENTENCE)
    for request in (
        SpeechRequest(text=SENTENCE, language="en"),
        SpeechRequest(text=SENTENCE, language="en_US"),
        SpeechRequest(text=SENTENCE, voice="English (America)", language="de"),
    ):
        assert abs(len(await spoken(engine, request)) / len(usual) - 1) < 0.01
    for request in (
        SpeechRequest(text=SENTENCE, language="de-AT"),
        SpeechRequest(text=SENTENCE, voice="fr"),
    ):
        assert abs(len(await spoken(engine, request)) / len(usual) - 1) > 0.02
    high = await spoken(engine, SpeechRequest(text=SENTENCE, speaker="f3"))
    assert pitch(high) > 1.2 * pitch(usual)
    await engine.close()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (SpeechRequest(text="a", voice="en-uz"), '"en-uz".*did you mean en-us'),
        (SpeechRequest(text="a", language="xx"), '"xx"'),
        (SpeechRequest(text="a", speaker="f33"), '"f33".*did you mean f3'),
        (SpeechRequest(text="a", voice="../../x"), "no voice"),
    ],
)
async def test_an_unknown_voice_is_named_with_the_nearest(
    request_: SpeechRequest, words: str
) -> None:
    engine = make()
    with pytest.raises(ModelMissing, match=words):
        await spoken(engine, request_)
    assert await spoken(engine, "still works")
    await engine.close()


async def test_load_reports_an_unknown_configured_voice() -> None:
    engine = make("espeak:klingonese")
    with pytest.raises(ModelMissing, match="klingonese"):
        await engine.load()
    await engine.close()


async def test_describes_its_voices_with_their_languages() -> None:
    engine = make()
    assert engine.describe().models == ()
    await engine.load()
    info = engine.describe()
    languages = {model.name: model.languages for model in info.models}
    assert len(languages) > 100
    assert languages["en-us"] == ("en-US", "en")
    assert languages["de"] == ("de",)
    assert "ja" not in languages  # whose kanji it cannot read
    assert info.version
    await engine.close()


async def test_units_are_said_in_the_voices_language() -> None:
    engine = make()
    for written, words in (
        ("5 km/h", "5 kilometers per hour"),
        ("$5.50", "5 dollars and 50 cents"),
    ):
        assert abs(len(await spoken(engine, written)) / len(await spoken(engine, words)) - 1) < 0.01
    german = SpeechRequest(text="5 km/h", language="de")
    assert await spoken(engine, german)
    await engine.close()


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!", "\0", "\ud800"])
async def test_text_without_words_is_silent(text: str) -> None:
    engine = make()
    assert await spoken(engine, text) == b""
    await engine.close()


@pytest.mark.parametrize(
    "text",
    ["a\0b", "x\ud800y", "😀", "[[h@'l]]", "<speak>hi</speak>", "日本語", "\x1b[1m ok", "٪ ١"],
)
async def test_unusual_text_is_spoken_without_errors(text: str) -> None:
    engine = make()
    assert await spoken(engine, text)
    await engine.close()


async def test_a_long_text_begins_at_once_and_stops_when_it_is_closed() -> None:
    engine = make()
    await engine.load()
    speech = engine.synthesize(SpeechRequest(text="All work and no play. " * 5000))
    async with asyncio.timeout(2), aclosing(speech):  # the whole text would take about 7 s
        first = await anext(speech)
        assert first.audio
        assert len([await anext(speech) for _ in range(100)]) == 100
    assert await spoken(engine, "ready again")
    await engine.close()


async def test_engines_side_by_side_do_not_mix_their_voices() -> None:
    one, other = make("espeak:en-us?rate=100"), make("espeak:de?rate=300")
    alone = [await spoken(engine, SENTENCE * 20) for engine in (one, other)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(spoken(engine, SENTENCE * 20)) for engine in (one, other, one)]
    lengths = [len(task.result()) for task in tasks]
    for length, expected in zip(lengths, (alone[0], alone[1], alone[0]), strict=True):
        assert abs(length / len(expected) - 1) < 0.01
    await one.close()
    await other.close()


@pytest.mark.parametrize(
    ("language", "file"),
    [
        *(("nb-NO", "gmq/nb"), ("iw", "sem/he"), ("in", "poz/id"), ("mo", "roa/ro")),
        *(("zh-Hant", "sit/cmn"), ("zh_TW.UTF-8", "sit/cmn"), ("pt_BR.UTF-8", "roa/pt-BR")),
        *(("sr-Latn-RS", "zls/sr"), ("en-US-x-private", "gmw/en-US"), ("deu", "gmw/de")),
        *(("", "gmw/en-US"), (" ", "gmw/en-US"), (None, "gmw/en-US")),
    ],
)
def test_a_language_may_have_the_code_of_another_system(language: str | None, file: str) -> None:
    assert library().voices.choose("en-us", None, language, None) == file


def test_the_voice_of_the_tests_sounds_the_same_in_each_process() -> None:
    assert forms("okay nabu") == 1


async def test_close_is_final() -> None:
    engine = make()
    await engine.close()
    with pytest.raises(EngineClosed):
        await engine.load()
    with pytest.raises(EngineClosed):
        await spoken(engine, "")


async def test_chunks_are_whole_samples() -> None:
    engine = make()
    chunks: list[AudioChunk] = [c async for c in engine.synthesize(SpeechRequest(text=SENTENCE))]
    assert all(len(chunk.audio) % 2 == 0 for chunk in chunks)
    await engine.close()
