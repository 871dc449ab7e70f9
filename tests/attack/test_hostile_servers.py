"""Servers of OpenAI's API, and Home Assistants, that answer without end, or next to nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.errors import AnswerBroken, EngineError, EngineFailed, EngineTimeout, HomeFailed
from satellite.homeassistant.client.api import LARGEST, Api
from satellite.values import ReplyRequest, SpeechRequest, TranscribeRequest
from servers.asr.openai.engine import OpenAiAsr
from servers.llm.openai.engine import OpenAi
from servers.tts.openai.engine import OpenAiTts
from servers.tts.wav_stream import LONGEST, WavStream

PATIENCE = 20.0
"""Seconds in which a hostile answer has to be given up; the engines' timeout is one."""
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n%s\r\n"
WAV = struct.pack(
    "<4sI4s4sIHHIIHH4sI", b"RIFF", 2**32 - 1, b"WAVE", b"fmt ", 16, 1, 1, 24000, 48000, 2, 16,
    b"data", 2**32 - 1,
)  # fmt: skip


def piece(**delta: object) -> bytes:
    """Return a server-sent event of an answer."""
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


CALL = {"index": 0, "id": "x", "function": {"name": "get_time", "arguments": "{" * 1000}}
ENDLESS = {
    "comments": (b": wait\n", EngineTimeout),
    "blank lines": (b"\n \n", EngineTimeout),
    "pieces without content": (b"data: {}\n\n", EngineTimeout),
    "a line": (b"x" * 1000, AnswerBroken),
    "reasoning": (piece(reasoning_content="hm " * 1000), AnswerBroken),
    "text": (piece(content="word " * 4000), AnswerBroken),
    "calls": (piece(tool_calls=[CALL]), AnswerBroken),
}


@asynccontextmanager
async def server(
    start: bytes, again: bytes = b"", pause: float = 0.0, head: bytes = HEAD % b""
) -> AsyncGenerator[str, None]:
    """Answer each request with a start, and then with the same again, without end."""

    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            if b"/models" in asked.split(b"\r\n")[0]:
                writer.write(HEAD % b"" + b'{"data": [{"id": "m"}]}')
            else:
                writer.write(head + start)
                while again and not ended.is_set():
                    writer.write(again)
                    await writer.drain()
                    await asyncio.sleep(pause)
            await writer.drain()
        except OSError:
            pass  # the engine hung up, as it has to
        finally:
            writer.transport.abort() if again else writer.close()

    opened = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with opened:
        yield f"http://127.0.0.1:{opened.sockets[0].getsockname()[1]}"
        ended.set()
        await asyncio.sleep(2 * pause + 0.05)  # the last answer ends


async def reply(url: str) -> None:
    engine = OpenAi(OpenAi.Options(url=url, model="m", local_first=False, timeout=1.0))
    try:
        async for _ in engine.reply(ReplyRequest(text="tell me something")):
            pass
    finally:
        await engine.close()


async def transcribe(url: str) -> str:
    async def speech() -> AsyncGenerator[bytes, None]:
        yield b"\1\0" * 8000

    engine = OpenAiAsr(OpenAiAsr.Options(url=url, timeout=1.0))
    try:
        return [part.text async for part in engine.transcribe(speech(), TranscribeRequest())][-1]
    finally:
        await engine.close()


async def speak(url: str) -> None:
    engine = OpenAiTts(OpenAiTts.Options(url=url, timeout=1.0))
    try:
        async for _ in engine.synthesize(SpeechRequest(text="hello")):
            pass
    finally:
        await engine.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ENDLESS)
async def test_an_answer_without_end_is_given_up(kind: str) -> None:
    again, error = ENDLESS[kind]
    began = time.monotonic()
    async with server(b"", again * (65536 // len(again) + 1)) as url:
        with pytest.raises(error):
            await reply(url)
    assert time.monotonic() - began < PATIENCE * 3


@pytest.mark.parametrize("drop", [b"\n", b" ", b": x\n", b"data: {}\n\n"])
async def test_an_answer_drop_by_drop_is_silence(drop: bytes) -> None:
    async with asyncio.timeout(PATIENCE), server(b"", drop, 0.2) as url:
        with pytest.raises(EngineTimeout):
            await reply(url)
        with pytest.raises(EngineTimeout):
            await transcribe(url)


async def test_a_compressed_bomb_is_refused() -> None:
    head = HEAD % b"Content-Encoding: gzip\r\n"
    async with server(gzip.compress(bytes(200 << 20)), head=head) as url:
        for ask in (reply, transcribe, speak):
            with pytest.raises(EngineError):
                await ask(url)


async def test_sound_without_end_is_given_up() -> None:
    async with asyncio.timeout(PATIENCE), server(WAV, bytes(65536)) as url:
        with pytest.raises(EngineFailed, match="without end"):
            await speak(url)


def test_a_head_of_sound_has_few_parts() -> None:
    with pytest.raises(EngineFailed, match="no samples"):
        WavStream().push(WAV[:12] + b"LIST\4\0\0\0abcd" * (LONGEST // 12))


async def test_a_home_assistant_may_answer_in_pieces_and_not_without_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "token").write_text("secret")
    long = json.dumps({"state": "RUNNING", "x": "y" * 500_000}).encode()
    async with server(long) as url:
        api = Api(url, str(tmp_path / "token"))
        assert await api.state() == "RUNNING"
        await api.close()
    async with server(b"", b"x" * 65536) as url:
        api = Api(url, str(tmp_path / "token"))
        with pytest.raises(HomeFailed, match=f"{LARGEST:,}"):
            await api.get("/api/config", 20.0)
        await api.close()
