"""Text-to-speech by a server that behaves as GPT-SoVITS's does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.audio.voice_clips import ClipStore, StoredClip
from satellite.components import spec
from satellite.conformance import CHECKS, Check, TtsSample, fresh
from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineClosed,
    EngineDown,
    EngineFailed,
    EngineTimeout,
    LanguageUnknown,
    ModelMissing,
)
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import VoiceSettings
from satellite.values import AudioChunk, SpeechRequest
from servers import http_api
from servers.serve.server import serving
from servers.tts.sovits.engine import GptSovits
from tests.support.sovits_fake import FakeSovits, fake_sovits
from tests.support.speech import tone, write_wav

ANNA = VoiceSettings(ref_audio_path="/clips/anna.wav", prompt_text="你好", prompt_lang="zh")
BOB = VoiceSettings(
    ref_audio_path="/clips/bob.wav", gpt_weights_path="/w/bob.ckpt", sovits_weights_path="/w/b.pth"
)


@pytest.fixture(autouse=True)
def own_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@asynccontextmanager
async def engine_of(
    fake: FakeSovits, voices: dict[str, VoiceSettings] | None = None, **options: Any
) -> AsyncGenerator[GptSovits, None]:
    context = EngineContext(voices={"anna": ANNA} if voices is None else voices)
    engine = GptSovits(GptSovits.Options(url=fake.url, **options), context)
    try:
        yield engine
    finally:
        await engine.close()


async def speak(engine: GptSovits, text: str, **more: Any) -> list[AudioChunk]:
    return [chunk async for chunk in engine.synthesize(SpeechRequest(text=text, **more))]


async def listen(engine: GptSovits, text: str, chunks: list[AudioChunk]) -> None:
    """Take what comes, also before a failure."""
    async for chunk in engine.synthesize(SpeechRequest(text=text)):
        chunks.append(chunk)  # noqa: PERF401 - a list made in one piece would be lost


@asynccontextmanager
async def here() -> AsyncGenerator[Any, None]:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        yield engine


@asynccontextmanager
async def there() -> AsyncGenerator[Any, None]:
    async with here() as engine:
        await engine.load()
        async with (
            serving("tts", engine, "tcp://127.0.0.1:0") as uri,
            fresh(lambda: remote(uri, "tts", pairing=Pairing()))() as far,
        ):
            yield far


@pytest.mark.parametrize("place", [here, there], ids=["here", "wire"])
@pytest.mark.parametrize("check", CHECKS["tts"], ids=[check.name for check in CHECKS["tts"]])
async def test_gpt_sovits_conforms(check: Check, place: Any) -> None:
    await check.run(place, TtsSample(text="One.", longer="The lamp in the kitchen is on."))


async def test_its_voices_are_named_on_the_wire() -> None:
    async with there() as far:
        await far.load()
        (model,) = far.describe().models
        assert (model.name, model.languages) == ("anna", ("zh", "en", "ja", "ko", "yue"))
        assert await speak(far, "word", voice="anna")
        with pytest.raises(ModelMissing, match="no voice"):
            await speak(far, "word", voice="/etc/passwd")


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@pytest.mark.parametrize(("version", "rate"), [("v2", 32000), ("v3", 24000), ("v4", 48000)])
async def test_the_rate_is_that_of_the_server(mode: Any, version: str, rate: int) -> None:
    async with fake_sovits(version) as fake, engine_of(fake, streaming_mode=mode) as engine:
        chunks = await speak(engine, "two words", language="en")
    assert {chunk.format.rate for chunk in chunks} == {rate}
    assert b"".join(chunk.audio for chunk in chunks).startswith(tone(0.1) * 2)
    assert fake.asked[0]["streaming_mode"] == mode


async def test_the_request_has_the_names_of_its_api() -> None:
    async with (
        fake_sovits() as fake,
        engine_of(fake, speed_factor=1.2, text_split_method="cut5", seed=7) as engine,
    ):
        await speak(engine, "你好", language="zh-CN")
    (asked,) = fake.asked
    expected = {
        "text": "你好",
        "text_lang": "zh",
        "ref_audio_path": "/clips/anna.wav",
        "prompt_text": "你好",
        "prompt_lang": "zh",
        "media_type": "wav",
        "speed_factor": 1.2,
        "text_split_method": "cut5",
        "seed": 7,
    }
    assert asked == {**asked, **expected}


@pytest.mark.parametrize(
    ("language", "sent"),
    [(None, "auto"), ("en-US", "en"), ("ja", "ja"), ("zh_TW", "zh"), ("yue", "yue"), ("ko", "ko")],
)
async def test_a_request_names_the_language(language: str | None, sent: str) -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        await speak(engine, "word", language=language)
    assert fake.asked[0]["text_lang"] == sent


async def test_a_voice_or_the_options_may_fix_the_language() -> None:
    fixed = VoiceSettings(ref_audio_path="/clips/c.wav", text_lang="all_zh")
    async with (
        fake_sovits() as fake,
        engine_of(fake, {"anna": ANNA, "chen": fixed}, text_lang="ja") as engine,
    ):
        await speak(engine, "word", language="en", voice="chen")
        await speak(engine, "word", language="de", voice="anna")
    assert [asked["text_lang"] for asked in fake.asked] == ["all_zh", "ja"]


async def test_a_language_that_it_does_not_speak_is_refused() -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        with pytest.raises(LanguageUnknown, match="zh, en, ja, ko, yue"):
            await speak(engine, "Guten Tag", language="de")
    assert not fake.asked


async def test_its_own_options_are_a_voice_of_their_own() -> None:
    async with fake_sovits() as fake:
        component = (
            f"gpt-sovits:{fake.url}?ref_audio_path=/c.wav&prompt_text=hello&prompt_lang=en"
            "&streaming_mode=2"
        )
        engine = spec.create("tts", component)
        await engine.load()
        assert [model.name for model in engine.describe().models] == ["default"]
        await speak(engine, "word")
        await engine.close()
    assert fake.asked[0]["ref_audio_path"] == "/c.wav"
    assert fake.asked[0]["streaming_mode"] == 2


async def test_voices_are_listed_and_chosen_by_name() -> None:
    async with fake_sovits() as fake, engine_of(fake, {"anna": ANNA, "bob": BOB}) as engine:
        assert [model.name for model in engine.describe().models] == ["anna", "bob"]
        await speak(engine, "word", voice="bob")
        with pytest.raises(ModelMissing, match=r"no voice \"eve\" .*anna, bob"):
            await speak(engine, "word", voice="eve")
    assert [asked["ref_audio_path"] for asked in fake.asked] == ["/clips/bob.wav"]


async def test_a_voice_is_used_as_soon_as_it_is_added(tmp_path: Path) -> None:
    clip = write_wav(tmp_path / "clip.wav", tone(4.0))
    async with fake_sovits() as fake, engine_of(fake, {}) as engine:
        with pytest.raises(ModelMissing, match="satellite voices add"):
            await speak(engine, "word")
        ClipStore().add("eve", clip, StoredClip(text="what it says", language="en"))
        assert [model.name for model in engine.describe().models] == ["eve"]
        await speak(engine, "word")
    (asked,) = fake.asked
    assert (asked["prompt_text"], asked["prompt_lang"]) == ("what it says", "en")
    assert Path(asked["ref_audio_path"]).is_file()


async def test_weights_are_set_only_when_the_voice_changes() -> None:
    async with (
        fake_sovits() as fake,
        engine_of(
            fake,
            {"anna": ANNA, "bob": BOB},
            gpt_weights_path="/w/a b&c.ckpt",
            sovits_weights_path="/w/b.pth",
        ) as engine,
    ):
        for voice in ("anna", "anna", "bob", "bob", "anna"):
            await speak(engine, "word", voice=voice)
    usual, bobs = "gpt=/w/a b&c.ckpt", "gpt=/w/bob.ckpt"
    assert fake.weights == [usual, "sovits=/w/b.pth", bobs, usual]


async def test_weights_that_are_missing_there_are_reported() -> None:
    async with fake_sovits() as fake, engine_of(fake, {"bob": BOB}) as engine:
        fake.missing.add("/w/bob.ckpt")
        with pytest.raises(EngineFailed, match=r"No such file.*GPT weights are /w/bob\.ckpt"):
            await speak(engine, "word")
        fake.missing.clear()
        await speak(engine, "word")
    assert fake.weights == ["gpt=/w/bob.ckpt", "sovits=/w/b.pth"]


async def test_weights_that_load_longer_than_a_deadline_are_loaded_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_api, "CONNECT", 0.2)
    async with fake_sovits() as fake, engine_of(fake, {"anna": ANNA, "bob": BOB}) as engine:
        await engine.load()
        fake.weights_delay = 2.0
        for kind in ("gpt", "sovits"):  # one after the other
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(speak(engine, "word", voice="bob"), 1.0)
            assert fake.weights[-1].startswith(kind)
        assert await asyncio.wait_for(speak(engine, "word", voice="bob"), 1.0)
    assert len(fake.weights) == 2


@pytest.mark.parametrize("mode", [0, 1])
async def test_a_second_of_zeros_is_a_failure(mode: Any) -> None:
    async with fake_sovits() as fake, engine_of(fake, streaming_mode=mode) as engine:
        fake.fails = True
        chunks: list[AudioChunk] = []
        with pytest.raises(EngineFailed, match="failed as anna in silence: see its log"):
            await listen(engine, "word", chunks)
        assert not chunks
        fake.fails = False
        assert await speak(engine, "word")


@pytest.mark.parametrize("how", ["cut", "fails_later"])
async def test_an_answer_that_breaks_off_is_a_failure(how: str) -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        setattr(fake, how, True)
        chunks: list[AudioChunk] = []
        with pytest.raises(AnswerBroken, match="broke off"):
            await listen(engine, "one two three", chunks)
    assert chunks


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
async def test_a_clip_that_the_server_lacks_is_named(mode: Any) -> None:
    async with fake_sovits() as fake, engine_of(fake, streaming_mode=mode) as engine:
        fake.missing.add("/clips/anna.wav")
        with pytest.raises(EngineFailed) as caught:
            await speak(engine, "word")
    assert "tts failed: /clips/anna.wav not exists" in str(caught.value)
    assert [asked["streaming_mode"] for asked in fake.asked] == ([mode, 0] if mode else [0])
    assert "the clip of anna is /clips/anna.wav on that machine" in str(caught.value)


async def test_its_own_messages_are_reported() -> None:
    async with fake_sovits("v1") as fake, engine_of(fake, text_lang="all_ko") as engine:
        with pytest.raises(EngineFailed, match="all_ko is not supported in version v1"):
            await speak(engine, "word")


async def test_a_busy_server_is_busy() -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        fake.busy = True
        with pytest.raises(EngineBusy, match="no server is available"):
            await speak(engine, "word")


async def test_a_silent_server_is_a_timeout() -> None:
    async with fake_sovits() as fake, engine_of(fake, timeout=1.0) as engine:
        fake.delay = 30
        with pytest.raises(EngineTimeout, match="silent for 1 s"):
            await speak(engine, "word")


async def test_speech_without_end_is_a_failure() -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        fake.endless = True
        with pytest.raises(EngineFailed, match="without end"):
            await speak(engine, "word")


async def test_it_is_asked_for_one_text_at_a_time_in_order() -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        fake.delay = 0.02
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(speak(engine, f"word {number}"))
    assert fake.most_running == 1
    assert [asked["text"] for asked in fake.asked] == [f"word {number}" for number in range(5)]


async def test_more_than_may_wait_are_refused_at_once() -> None:
    async with fake_sovits() as fake, engine_of(fake, waiting=1) as engine:
        fake.delay = 0.2
        async with asyncio.TaskGroup() as group:
            first = group.create_task(speak(engine, "first"))
            second = group.create_task(speak(engine, "second"))
            await asyncio.sleep(0.05)
            assert engine.queued == 1
            with pytest.raises(EngineBusy, match="1 wait"):
                await speak(engine, "third")
    assert first.result()
    assert second.result()
    assert engine.queued == 0


async def test_one_that_waits_too_long_is_refused() -> None:
    async with fake_sovits() as fake, engine_of(fake, timeout=1.0) as engine:
        fake.part_delay = 0.5
        async with asyncio.TaskGroup() as group:
            first = group.create_task(speak(engine, "one two three four five"))
            await asyncio.sleep(0.05)
            with pytest.raises(EngineBusy, match="spoke other texts for 1 s"):
                await speak(engine, "word")
            first.cancel()


@pytest.mark.parametrize("way", ["cancel", "close"])
async def test_leaving_an_answer_closes_its_connection(way: str) -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        fake.part_delay = 0.05
        text = " ".join(["word"] * 60)
        if way == "close":
            async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
                await anext(chunks)
        else:
            task = asyncio.create_task(speak(engine, text))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(5):
            while fake.running:
                await asyncio.sleep(0.01)
        assert fake.abandoned == 1
        fake.part_delay = 0
        assert await speak(engine, "word")


async def test_closing_ends_those_that_wait() -> None:
    async with fake_sovits() as fake, engine_of(fake) as engine:
        fake.delay = 30
        tasks = [asyncio.create_task(speak(engine, "word")) for _ in range(3)]
        await asyncio.sleep(0.1)
        await engine.close()
        async with asyncio.timeout(5):
            results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [EngineClosed] * 3


async def test_a_server_that_does_not_run_may_come_later(caplog: pytest.LogCaptureFixture) -> None:
    engine = GptSovits(
        GptSovits.Options(url="http://127.0.0.1:9"), EngineContext(voices={"anna": ANNA})
    )
    await engine.load()
    assert "text-to-speech unavailable" in caplog.text
    with pytest.raises(EngineDown, match=r"start api_v2\.py"):
        await speak(engine, "word")
    await engine.close()


async def test_an_address_that_is_none_is_refused() -> None:
    engine = GptSovits(GptSovits.Options(url="localhost:9880"))
    with pytest.raises(EngineFailed, match="no address"):
        await engine.load()
    await engine.close()


async def test_nothing_it_does_ends_the_server() -> None:
    async with fake_sovits() as fake, engine_of(fake, {"anna": ANNA, "bob": BOB}) as engine:
        await engine.load()
        await speak(engine, "word", voice="bob")
        fake.fails = True
        with pytest.raises((EngineFailed, AnswerBroken)):
            await speak(engine, "word")
    assert not fake.controlled
