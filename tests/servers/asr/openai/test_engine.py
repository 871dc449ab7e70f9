"""Speech-to-text by a server of OpenAI's API."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from satellite.conformance import CHECKS, AsrSample, Check, fresh
from satellite.errors import AnswerBroken, EngineDown, EngineFailed
from satellite.values import TranscribeRequest, Transcript
from servers.asr.openai.engine import LONGEST, OpenAiAsr
from tests.support.openai_fake import fake_openai
from tests.support.speech import silence, speak

SPEECH = speak("what time is it")


def heard(body: dict[str, Any]) -> Any:
    """Answer with the same text to any sound but silence."""
    with wave.open(io.BytesIO(body["file"])) as file:
        loud = any(file.readframes(file.getnframes()))
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
    text = "What time is it?" if loud else ""
    if body.get("stream") != "true":
        return web.json_response({"text": text})
    deltas = [{"type": "transcript.text.delta", "delta": f"{word} "} for word in text.split()]
    return [*deltas, {"type": "transcript.text.done", "text": text}, "data: [DONE]"]


@asynccontextmanager
async def here(**more: Any) -> AsyncGenerator[Any, None]:
    async with fake_openai(heard) as fake:
        options = OpenAiAsr.Options(url=fake.url, **more)
        async with fresh(lambda: OpenAiAsr(options))() as engine:
            yield engine


@pytest.mark.parametrize("check", CHECKS["asr"], ids=[check.name for check in CHECKS["asr"]])
async def test_openai_conforms(check: Check) -> None:
    await check.run(here, AsrSample(audio=SPEECH, text="what time is it"))


async def transcribe(engine: OpenAiAsr, audio: bytes, **more: Any) -> list[Transcript]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), 3200):
            yield audio[start : start + 3200]

    return [part async for part in engine.transcribe(chunks(), TranscribeRequest(**more))]


async def test_the_utterance_arrives_whole_with_its_language() -> None:
    async with fake_openai(heard) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url, model="small", prompt="Hello."))
        (text,) = await transcribe(engine, SPEECH, language="pt-BR")
        await engine.close()
    assert (text.text, text.final, text.language) == ("What time is it?", True, "pt-BR")
    (asked,) = fake.asked
    assert (asked["model"], asked["language"], asked["prompt"]) == ("small", "pt", "Hello.")
    assert len(asked["file"]) == 44 + len(SPEECH)


async def test_a_streamed_text_comes_word_by_word() -> None:
    async with here(stream=True) as engine:
        parts = await transcribe(engine, SPEECH)
    assert [part.text for part in parts][:2] == ["What", "What time"]
    assert parts[-1] == Transcript(text="What time is it?", final=True)


DONE = {"type": "transcript.text.done", "text": "What time is it?"}
DELTAS: list[Any] = [
    {"type": "transcript.text.delta", "delta": part} for part in ("What time", " is it?")
]
SEGMENTS: list[Any] = [{"text": " What time"}, {"text": "is it?"}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        [*DELTAS, DONE],
        [*DELTAS, "data: [DONE]"],
        [*DELTAS, {**DONE, "text": None}, DONE],
        SEGMENTS,  # as Speaches sends them, without an end
        [*SEGMENTS, "data: [DONE]"],
        [{"text": "What time"}, {"text": "What time is it?"}],
        [{"type": "transcript.text.segment", "id": "1", **part} for part in SEGMENTS] + [DONE],
        [": ping", "event: ping\ndata: {}", *DELTAS, DONE, "data: [DONE]"],
        web.Response(text='{\n  "task": "transcribe",\n  "text": "What time is it?"\n}\n'),
    ],
)
async def test_each_way_of_writing_down_is_read(answer: Any, stream: bool) -> None:
    async with fake_openai(lambda body: answer) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url, stream=stream))
        parts = await transcribe(engine, SPEECH)
        await engine.close()
    assert parts[-1] == Transcript(text="What time is it?", final=True)
    assert stream or len(parts) == 1


async def test_chinese_segments_are_joined_without_spaces() -> None:
    segments: list[Any] = [{"text": "现在"}, {"text": "几点？"}]
    async with fake_openai(lambda body: segments) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url))
        (text,) = await transcribe(engine, SPEECH)
        await engine.close()
    assert text.text == "现在几点？"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (web.json_response({"error": {"message": "no such model"}}), "no such model"),
        (web.json_response({"object": "error", "message": "no such model"}), "no such model"),
        (['event: error\ndata: {"message": "no such model"}'], "no such model"),
        (web.json_response({}), "without a text"),
        (web.json_response({"text": None}), "without a text"),
        (["data: [DONE]"], "without a text"),
    ],
)
async def test_a_failure_with_the_status_of_a_success_is_one(answer: Any, says: str) -> None:
    async with fake_openai(lambda body: answer) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url))
        with pytest.raises(EngineFailed, match=says):
            await transcribe(engine, SPEECH)
        await engine.close()


async def test_a_text_that_breaks_off_is_a_failure() -> None:
    async with fake_openai(lambda body: DELTAS[:1]) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url, stream=True))
        with pytest.raises(AnswerBroken):
            await transcribe(engine, SPEECH)
        await engine.close()


async def test_digital_silence_is_not_sent() -> None:
    async with fake_openai(heard) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url))
        (text,) = await transcribe(engine, silence(1.0))
        await engine.close()
    assert text.text == ""
    assert fake.asked == []


async def test_endless_speech_is_refused() -> None:
    async with here() as engine:
        with pytest.raises(EngineFailed, match="longer than 600 s"):
            await transcribe(engine, bytes(int(LONGEST + 1) * 32000))


async def test_a_failure_names_the_server() -> None:
    wrong = web.json_response({"error": {"message": "no such model"}}, status=400)
    async with fake_openai(lambda body: wrong) as fake:
        engine = OpenAiAsr(OpenAiAsr.Options(url=fake.url))
        with pytest.raises(EngineFailed, match="no such model") as failure:
            await transcribe(engine, SPEECH)
        await engine.close()
        assert fake.url in str(failure.value)


async def test_a_server_that_does_not_run_may_come_later(caplog: pytest.LogCaptureFixture) -> None:
    engine = OpenAiAsr(OpenAiAsr.Options(url="http://127.0.0.1:9/v1"))
    await engine.load()
    assert "speech-to-text unavailable" in caplog.text
    with pytest.raises(EngineDown):
        await transcribe(engine, SPEECH)
    await engine.close()
