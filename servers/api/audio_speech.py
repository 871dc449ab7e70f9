"""`POST /v1/audio/speech`: text-to-speech.

https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import msgspec
from aiohttp import web

from satellite.http.api.engines import EngineAccess
from satellite.http.api.roles import require
from satellite.http.api.route import JSON, ApiRoute, ModelName, body_of
from satellite.http.api.sound import at_speed, in_one_format
from satellite.http.api.speak import (
    LONGEST,
    PCM,
    WAV,
    pcm_head,
    spoken_text,
    stream_sound,
    wav_head,
)
from satellite.net.memory_budget import MemoryBudget
from satellite.values import AudioChunk, AudioFormat, SpeechRequest
from servers.api.model_names import chosen_model, chosen_voice
from servers.api.openai_errors import ApiErrorAnswer, Unsupported, answering, refusal
from servers.api.sound_files import WRITTEN, SoundWriter

RATE = 24_000
"""Hz of `pcm`, which names none: OpenAI's."""


class SpeechBody(msgspec.Struct, frozen=True):
    """A text to speak; other fields, such as `instructions`, have no effect."""

    input: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
    model: ModelName = ""
    voice: ModelName = ""
    response_format: str = "mp3"
    """`wav` and `pcm` (24 kHz); with PyAV also `mp3`, `opus`, `aac` and `flac`."""
    speed: Annotated[float, msgspec.Meta(ge=0.25, le=4)] = 1.0
    sample_rate: Annotated[int, msgspec.Meta(ge=8000, le=48_000)] | None = None
    """Hz of `wav` and `pcm`; OpenAI has no such field."""
    stream_format: str = "audio"


def speech_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def speak(request: web.Request) -> web.StreamResponse:
        require(engines, "tts")
        asked = await body_of(request, memory, SpeechBody)
        kind = asked.response_format
        if kind not in ("wav", "pcm", *WRITTEN):
            formats = ", ".join(("wav", "pcm", *WRITTEN))
            raise Unsupported("response_format", f"response_format: one of {formats}")
        if asked.stream_format != "audio":
            raise Unsupported("stream_format", "stream_format: audio, which is streamed as it is")
        chosen_model(engines, "tts", asked.model)
        speech = SpeechRequest(
            text=await spoken_text(asked.input),
            voice=chosen_voice(engines, asked.voice),
            language=engines.language,
        )
        rate = asked.sample_rate or (RATE if kind == "pcm" else None)
        voice = in_one_format(engines.synthesize(speech, request.remote or ""), rate)
        chunks = at_speed(voice, asked.speed)
        if kind == "wav":
            return await stream_sound(request, chunks, wav_head)
        if kind == "pcm":
            return await stream_sound(request, chunks, pcm_head)
        media = WRITTEN[kind].media
        return await stream_sound(request, _compressed(chunks, kind), lambda form: (media, b""))

    return ApiRoute(
        method="POST",
        path="/v1/audio/speech",
        summary="Speak a text: sound as it is made",
        handler=answering(speak),
        takes={JSON: SpeechBody},
        gives={WAV: None, PCM: None, **{file.media: None for file in WRITTEN.values()}},
        fails=ApiErrorAnswer,
        refused=refusal,
    )


async def _compressed(
    chunks: AsyncGenerator[AudioChunk, None], kind: str
) -> AsyncGenerator[AudioChunk, None]:
    """Yield the pieces of a compressed file as they are written."""
    writer: SoundWriter | None = None
    form = AudioFormat(RATE)
    async with aclosing(chunks):
        async for chunk in chunks:
            if writer is None:
                form = chunk.format
                writer = await asyncio.to_thread(SoundWriter, kind, form)
            if data := await asyncio.to_thread(writer.write, chunk.audio):
                yield AudioChunk(audio=data, format=form)
    if writer is not None and (data := await asyncio.to_thread(writer.close)):
        yield AudioChunk(audio=data, format=form)
