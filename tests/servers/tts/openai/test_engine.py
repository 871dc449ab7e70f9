"""Text-to-speech by a server of OpenAI's API."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from satellite.audio.wavfile import wav_bytes
from satellite.conformance import CHECKS, Check, TtsSample, fresh
from satellite.errors import AnswerBroken, EngineDown, EngineFailed
from satellite.values import AudioChunk, AudioFormat, SpeechRequest
from servers.tts.openai.engine import OpenAiTts
from tests.support.openai_fake import fake_openai
from tests.support.speech import tone

RATE = 22050
TONE = tone(0.3)


def spoken(body: dict[str, Any]) -> web.Response:
    """Answer with a tone for each word."""
    words = len(body["input"].split())
    if body["response_format"] == "pcm":
        return web.Response(body=TONE * words, content_type="audio/pcm")
    return web.Response(body=wav_bytes(AudioFormat(RATE), TONE * words), content_type="audio/wav")


@asynccontextmanager
async def here() -> AsyncGenerator[Any, None]:
    async with fake_openai(spoken) as fake:
        options = OpenAiTts.Options(url=fake.url)
        async with fresh(lambda: OpenAiTts(options))() as engine:
            yield engine


@pytest.mark.parametrize("check", CHECKS["tts"], ids=[check.name for check in CHECKS["tts"]])
async def test_openai_conforms(check: Check) -> None:
    await check.run(here, TtsSample(text="One.", longer="The lamp in the kitchen is on."))


async def speak(engine: OpenAiTts, text: str, **more: Any) -> list[AudioChunk]:
    return [chunk async for chunk in engine.synthesize(SpeechRequest(text=text, **more))]


async def test_the_rate_is_that_of_the_file_and_the_options_arrive() -> None:
    async with fake_openai(spoken) as fake:
        engine = OpenAiTts(OpenAiTts.Options(url=fake.url, model="kokoro", voice="zf", speed=1.2))
        chunks = await speak(engine, "hello", voice="other")
        await speak(engine, "hello")
        await engine.close()
    assert {chunk.format.rate for chunk in chunks} == {RATE}
    assert b"".join(chunk.audio for chunk in chunks) == TONE
    asked, again = fake.asked
    assert (asked["model"], asked["voice"], asked["speed"]) == ("kokoro", "other", 1.2)
    assert again["voice"] == "zf"


async def test_pcm_has_the_rate_of_the_options() -> None:
    async with fake_openai(spoken) as fake:
        options = OpenAiTts.Options(url=fake.url, response_format="pcm", sample_rate=16000)
        engine = OpenAiTts(options)
        chunks = await speak(engine, "hello")
        await engine.close()
    assert {chunk.format.rate for chunk in chunks} == {16000}
    assert fake.asked[0]["sample_rate"] == 16000


async def test_sound_in_events_is_spoken() -> None:
    sound = base64.b64encode(wav_bytes(AudioFormat(RATE), TONE)).decode()
    events: list[Any] = [
        {"type": "speech.audio.delta", "audio": sound},
        {"type": "speech.audio.done"},
        "data: [DONE]",
    ]
    async with fake_openai(lambda body: events) as fake:
        engine = OpenAiTts(OpenAiTts.Options(url=fake.url))
        chunks = await speak(engine, "hello")
        await engine.close()
    assert b"".join(chunk.audio for chunk in chunks) == TONE


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (web.json_response({"error": {"message": "no such voice"}}, status=400), "no such voice"),
        (web.Response(body=wav_bytes(AudioFormat(RATE), b"")), "without a sound"),
        (web.Response(body=b"<html>log in</html>"), "log in"),
        (web.json_response({"error": {"message": "no such voice"}}), "no such voice"),
        (web.json_response({"object": "error", "message": "no such voice"}), "no such voice"),
        (web.Response(body=TONE), "response_format to pcm"),
        (web.Response(body=b"ID3\x04" + bytes(400)), "MP3"),
    ],
)
async def test_each_failure_is_reported(answer: web.Response, says: str) -> None:
    async with fake_openai(lambda body: answer) as fake:
        engine = OpenAiTts(OpenAiTts.Options(url=fake.url))
        with pytest.raises(EngineFailed, match=says):
            await speak(engine, "hello")
        await engine.close()


async def test_a_server_that_does_not_run_may_come_later(caplog: pytest.LogCaptureFixture) -> None:
    engine = OpenAiTts(OpenAiTts.Options(url="http://127.0.0.1:9/v1"))
    await engine.load()
    assert "text-to-speech unavailable" in caplog.text
    with pytest.raises((EngineDown, AnswerBroken)):
        await speak(engine, "hello")
    await engine.close()
