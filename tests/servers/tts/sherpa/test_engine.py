"""sherpa-onnx as a text-to-speech engine: every kind of voice, the choice of voices and speakers,
options, cancellation and failures."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite.components import spec
from satellite.errors import (
    ConfigError,
    EngineClosed,
    EngineFailed,
    LanguageUnknown,
    ModelMissing,
    PackageMissing,
)
from satellite.ports import EngineContext
from satellite.requirements import install_command
from satellite.settings import ModelSettings
from satellite.values import AudioChunk, SpeechRequest
from servers.tts.sherpa.engine import CHUNK_SECONDS, SherpaTts
from tests.support.piper_voice import VoiceSpec, install_voice
from tests.support.sherpa_voices import HOP, RATE, Generated, install, make_voice

pytest.importorskip("sherpa_onnx")

SENTENCE = "The lamp in the living room is on, and the heater in the kitchen is off."
MANY = Generated(
    kind="kokoro",
    speakers=("af_heart", "am_adam", "ef_dora", "zf_xiaobei"),
    metadata={"version": 2},
    lexicon="你 a\n好 b\n",
)


def make(component: str | Path = "", folder: Path | None = None, language: str = "en") -> SherpaTts:
    models = ModelSettings(folder=str(folder or "/none"), offline=True)
    context = EngineContext(models=models, language=language)
    colon = ":" if str(component) else ""
    engine = spec.create("tts", f"sherpa-onnx{colon}{component}", context)
    assert isinstance(engine, SherpaTts)
    return engine


async def chunks(engine: SherpaTts, request: str | SpeechRequest) -> list[AudioChunk]:
    request = SpeechRequest(text=request) if isinstance(request, str) else request
    return [chunk async for chunk in engine.synthesize(request)]


async def spoken(engine: SherpaTts, request: str | SpeechRequest) -> np.ndarray:
    audio = b"".join(chunk.audio for chunk in await chunks(engine, request))
    return np.frombuffer(audio, "<i2").astype(float)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return make_voice(tmp_path / "voice")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with an English, a German and a Chinese voice, and one of many languages."""
    german = Generated(metadata={"voice": "de", "language": "German"}, speakers=("anna", "otto"))
    for name, kind in {"english": Generated(), "german": german, "many": MANY}.items():
        install(tmp_path, name, make_voice(tmp_path / "sherpa" / name, kind))
    return tmp_path


@pytest.mark.parametrize("kind", ["vits", "kokoro", "kitten", "matcha"])
async def test_every_kind_speaks_in_short_chunks(tmp_path: Path, kind: str) -> None:
    engine = make(make_voice(tmp_path / "voice", Generated(kind=kind)))
    await engine.load()
    found = await chunks(engine, SENTENCE)
    assert {(chunk.format.rate, chunk.format.channels) for chunk in found} == {(RATE, 1)}
    assert max(chunk.format.seconds(chunk.audio) for chunk in found) <= CHUNK_SECONDS
    samples = np.frombuffer(b"".join(chunk.audio for chunk in found), "<i2")
    assert len(samples) > 50 * HOP
    assert np.abs(samples.astype(int)).max() > 30_000
    await engine.close()


async def test_a_voice_with_a_lexicon_speaks_without_phonemes(tmp_path: Path) -> None:
    chinese = Generated(
        metadata={"comment": "aishell3", "voice": None, "has_espeak": 0, "language": "Chinese"},
        lexicon="你 a\n好 b\n",
    )
    engine = make(make_voice(tmp_path / "voice", chinese))
    one = await spoken(engine, SpeechRequest(text="你好。", language="zh"))
    assert len(await spoken(engine, "你好你好。")) > len(one) > 0
    assert len(await spoken(engine, "你好。★ xyz。你好。")) > len(one)
    with pytest.raises(EngineFailed, match="knows no sound"):
        await spoken(engine, "xyz.")
    await engine.close()


@pytest.mark.parametrize("kind", ["vits", "kokoro", "kitten", "matcha"])
async def test_options_change_how_it_sounds(tmp_path: Path, kind: str) -> None:
    voice = make_voice(tmp_path / "voice", Generated(kind=kind))

    async def of(options: str) -> np.ndarray:
        engine = make(f"{voice}?silence_scale=1&{options}")
        audio = await spoken(engine, "One two three.")
        await engine.close()
        return audio

    usual = await of("rate=1")
    assert len(await of("rate=2")) == pytest.approx(len(usual) / 2, rel=0.02)
    assert len(await of("length_scale=2")) == pytest.approx(len(usual) * 2, rel=0.02)
    assert len(await of("length_scale=2&rate=2")) == len(usual)
    assert np.std(await of("volume=0.5")) == pytest.approx(np.std(usual) / 2, rel=0.02)


@pytest.mark.parametrize("wrong", ["rate=9", "length_scale=0", "voices=0", "lenght_scale=1"])
def test_wrong_options_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong.partition("=")[0]):
        make(f"x?{wrong}")


async def test_silence_is_inserted_only_between_sentences(voice: Path) -> None:
    two = "One two three four. Five six seven eight."
    without, with_some = make(f"{voice}?sentence_silence=0"), make(f"{voice}?sentence_silence=0.5")
    assert len(await spoken(with_some, two)) - len(await spoken(without, two)) == RATE / 2
    assert len(await spoken(with_some, "One.")) == len(await spoken(without, "One."))
    await without.close()
    await with_some.close()


async def test_a_voice_of_another_language_is_never_taken(store: Path) -> None:
    engine = make(folder=store)
    await engine.load()
    german = await spoken(engine, SpeechRequest(text="Guten Tag.", language="de"))
    named = SpeechRequest(text="Guten Tag.", voice="german", speaker="otto")
    assert german.size
    assert (await spoken(engine, named)).size
    for request in (
        SpeechRequest(text="Hej.", language="sv"),
        SpeechRequest(text="Guten Tag.", language="de", voice="english"),
    ):
        with pytest.raises(LanguageUnknown, match="speaks"):
            await spoken(engine, request)
    await engine.close()


async def test_speakers_are_chosen_by_name_number_and_language(store: Path) -> None:
    engine = make("many?speaker=am_adam", store)
    await engine.load()
    catalog = engine._catalog  # noqa: SLF001 - the choice itself has no sound of its own

    def chosen(**request: Any) -> tuple[str, int, str]:
        choice = catalog.choose(SpeechRequest(text="x", **request))
        return choice.voice.name, choice.speaker, choice.language

    assert chosen() == ("many", 1, "en-US")
    assert chosen(language="en-GB") == ("many", 1, "en-US")
    assert chosen(language="es-MX") == ("many", 2, "es")
    assert chosen(language="zh-CN") == ("many", 3, "zh")
    assert chosen(voice="ef_dora") == ("many", 2, "es")
    assert chosen(voice="2") == ("many", 2, "es")
    assert chosen(voice="many", speaker="0") == ("many", 0, "en-US")
    assert chosen(language="de") == ("german", 0, "de")
    assert chosen(language="de", speaker="otto") == ("german", 1, "de")
    for request in (
        {"voice": "xx_none"},
        {"speaker": "xx_none"},
        {"voice": "../x"},
        {"voice": "9"},
    ):
        with pytest.raises(ModelMissing):
            chosen(**request)
    await engine.close()


async def test_the_description_names_voices_languages_and_speakers(store: Path) -> None:
    engine = make(folder=store)
    models = {model.name: model for model in engine.describe().models}
    assert models["many"].languages == ("en-US", "es", "zh")
    assert models["many"].speakers == MANY.speakers
    assert models["german"].speakers == ("anna", "otto")
    await engine.close()


async def test_auto_takes_a_voice_that_speaks_the_language(store: Path) -> None:
    async def chosen(language: str) -> str | None:
        models = ModelSettings(folder=str(store))
        return await SherpaTts.auto(EngineContext(models=models, language=language))

    assert await chosen("de") == await chosen("es-MX") == ""
    assert await chosen("sv") is None
    pytest.importorskip("piper")
    install_voice(store, VoiceSpec(name="de_DE-eins-low", language="de_DE", espeak="de"))
    assert await chosen("de") is None
    assert await chosen("es") == ""


async def test_a_voice_without_sound_is_a_failure(tmp_path: Path) -> None:
    engine = make(make_voice(tmp_path / "voice", Generated(silent=True)))
    await engine.load()
    with pytest.raises(EngineFailed, match="yields no sound"):
        await spoken(engine, SENTENCE)
    await engine.close()


async def test_faults_are_reported_before_the_library_reads_the_voice(tmp_path: Path) -> None:
    empty = make(folder=tmp_path / "empty")
    with pytest.raises(ModelMissing, match="satellite models pull sherpa:"):
        await empty.load()
    broken = make(make_voice(tmp_path / "bad", Generated(metadata={"sample_rate": None})))
    with pytest.raises(EngineFailed, match="sample_rate"):
        await broken.load()
    foreign = tmp_path / "foreign"
    make_voice(foreign)
    (foreign / "model.onnx").write_bytes(b"<!DOCTYPE html><html>")
    page = make(foreign)
    with pytest.raises(EngineFailed, match="HTML"):
        await page.load()
    for engine in (empty, broken, page):
        await engine.close()


def test_without_the_package_the_error_names_the_extra(
    voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(PackageMissing, match=re.escape(install_command("sherpa"))):
        make(voice)


async def test_one_sentence_is_spoken_at_a_time(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    texts = [f"{SENTENCE} Number {number}. {SENTENCE}" for number in range(6)]
    alone = [len(await spoken(engine, text)) for text in texts]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(spoken(engine, text)) for text in texts]
    assert [len(task.result()) for task in tasks] == alone
    await engine.close()


async def test_the_first_clause_is_sent_before_the_rest_is_synthesized(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    async with aclosing(engine.synthesize(SpeechRequest(text=f"{SENTENCE} " * 2000))) as speech:
        async with asyncio.timeout(5):
            assert (await anext(speech)).audio
    assert (await spoken(engine, "Ready again.")).size
    await engine.close()


async def test_a_cancelled_request_ends_after_the_sentence(voice: Path) -> None:
    """A piece of several sentences of phonemes stops between them."""
    engine = make(voice)
    await engine.load()
    choice = engine._catalog.choose(SpeechRequest(text=""))  # noqa: SLF001
    loaded = engine._take(choice.voice)  # noqa: SLF001
    style = engine._style(choice.voice)  # noqa: SLF001
    whole = loaded.speak("One. Two. Three. Four.", choice, style, threading.Event())
    stopped = threading.Event()
    stopped.set()
    assert len(loaded.speak("One. Two. Three. Four.", choice, style, stopped)) < len(whole) / 2
    await engine.close()


async def test_three_hundred_abandoned_requests_leave_no_trace(voice: Path) -> None:
    engine = make(voice)
    await engine.load()

    async def abandon(number: int) -> None:
        speech = engine.synthesize(SpeechRequest(text=f"{number}. {SENTENCE} " * 50))
        async with aclosing(speech):
            if number % 3:
                async with asyncio.timeout(0.001 * (number % 3)):
                    await anext(speech)

    for start in range(0, 300, 50):
        await asyncio.gather(*map(abandon, range(start, start + 50)), return_exceptions=True)
    assert engine.waiting == 0
    assert (await spoken(engine, "Ready again.")).size
    await engine.close()


async def test_the_event_loop_runs_on_while_a_voice_speaks(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    longest, last = 0.0, time.monotonic()

    async def watch() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    watcher = asyncio.create_task(watch())
    await spoken(engine, f"{SENTENCE} " * 20)
    watcher.cancel()
    assert longest < 0.5
    await engine.close()


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!", "\0"])
async def test_text_without_words_is_silent(voice: Path, text: str) -> None:
    engine = make(voice)
    assert not (await spoken(engine, text)).size
    await engine.close()


@pytest.mark.parametrize("text", ["a\0b", "x\ud800y", "[[x", "日本語 one", "\x1b[1m ok"])
async def test_unusual_text_is_spoken_without_errors(voice: Path, text: str) -> None:
    engine = make(voice)
    assert (await spoken(engine, text)).size
    await engine.close()


async def test_a_sentence_of_any_length_is_divided(tmp_path: Path) -> None:
    """Kokoro's library would end the process over more phonemes than a style has rows."""
    engine = make(make_voice(tmp_path / "voice", Generated(kind="kokoro")))
    for text in ("one " * 400, "a" * 3000, "ha" * 900):
        assert (await spoken(engine, text)).size
    await engine.close()


async def test_close_is_final(voice: Path) -> None:
    engine = make(voice)
    await engine.load()
    await engine.close()
    await engine.close()
    calls: tuple[Callable[[], Any], ...] = (engine.load, lambda: spoken(engine, "One."))
    for call in calls:
        with pytest.raises(EngineClosed):
            await call()
