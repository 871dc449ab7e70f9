"""`POST /api/speak`: the speech of a text, as it is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from satellite.audio.wavfile import stream_header
from satellite.errors import SatelliteError, UsageError
from satellite.http.api.connection import ClientGone, cut_off, send, while_connected
from satellite.http.api.engines import EngineAccess
from satellite.http.api.roles import require
from satellite.http.api.route import JSON, ApiRoute, LanguageCode, ModelName, body_of
from satellite.http.api.sound import NOTHING, at_speed, in_one_format
from satellite.net.memory_budget import MemoryBudget
from satellite.text.speakable import speakable
from satellite.values import AudioChunk, AudioFormat, SpeechRequest

_LOGGER = logging.getLogger(__name__)

LONGEST = 8000
"""Characters of a text: ten minutes of speech."""

_LONG = 4000
"""Characters above which cleaning a text takes milliseconds, too long for the event loop."""

_PIECE = 32 * 1024
"""Most bytes sent at once: under a second of speech."""

WAV = "audio/wav"
PCM = "audio/pcm"


class SpeakRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text, and how to speak it. Markup, links and symbols in it are not spoken."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
    voice: ModelName | None = None
    speaker: ModelName | None = None
    """Of a voice with several."""
    language: LanguageCode | None = None
    format: Literal["wav", "pcm"] = "wav"
    """A WAV file whose header names no length, or the bare 16-bit little-endian samples."""
    rate: Annotated[int, msgspec.Meta(ge=8000, le=48_000)] | None = None
    """Hz; the voice's own by default, which the header names."""
    speed: Annotated[float, msgspec.Meta(ge=0.25, le=4)] = 1.0
    """Of speech: 2 takes half the time."""


def speak_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def speak(request: web.Request) -> web.StreamResponse:
        require(engines, "tts")
        asked = await body_of(request, memory, SpeakRequest)
        speech = SpeechRequest(
            text=await spoken_text(asked.text),
            voice=asked.voice,
            speaker=asked.speaker,
            language=asked.language or engines.language,
        )
        chunks = in_one_format(engines.synthesize(speech, request.remote or ""), asked.rate)
        head = wav_head if asked.format == "wav" else pcm_head
        return await stream_sound(request, at_speed(chunks, asked.speed), head)

    return ApiRoute(
        method="POST",
        path="/api/speak",
        summary="Speak a text: sound as it is made",
        handler=speak,
        takes={JSON: SpeakRequest},
        gives={WAV: None, PCM: None},
    )


async def spoken_text(text: str) -> str:
    """Return a text as it is spoken. Raises `UsageError` where nothing can be."""
    spoken = await asyncio.to_thread(speakable, text) if len(text) > _LONG else speakable(text)
    if not spoken:
        raise UsageError("nothing in this text can be spoken: it has no words")
    return spoken


Head = Callable[[AudioFormat], tuple[str, bytes]]
"""Returns the media type of an answer in a format, and what stands before its samples."""


def wav_head(form: AudioFormat) -> tuple[str, bytes]:
    """Begin a WAV file of unknown length."""
    return WAV, stream_header(form)


def pcm_head(form: AudioFormat) -> tuple[str, bytes]:
    """Begin bare samples, with their format in the media type."""
    return f"{PCM}; rate={form.rate}; channels={form.channels}", b""


async def stream_sound(
    request: web.Request, chunks: AsyncGenerator[AudioChunk, None], head: Head
) -> web.StreamResponse:
    """Send sound as it comes.

    A failure after its beginning ends the connection in the middle of the answer.
    """
    response = web.StreamResponse(headers={"Cache-Control": "no-store"})
    try:
        async with while_connected(request), aclosing(chunks):
            async for chunk in chunks:
                await _begin(request, response, chunk.format, head)
                for start in range(0, len(chunk.audio), _PIECE):
                    await send(request, response, chunk.audio[start : start + _PIECE])
            await _begin(request, response, NOTHING, head)
    except ClientGone as error:
        _LOGGER.debug("%s: %s", request.path, error)
    except SatelliteError as error:
        if not response.prepared:
            raise
        _LOGGER.warning("%s: %s", request.path, error)
        cut_off(request)
    return response


async def _begin(
    request: web.Request, response: web.StreamResponse, form: AudioFormat, head: Head
) -> None:
    if response.prepared:
        return
    response.headers["Content-Type"], first = head(form)
    await response.prepare(request)
    if first:
        await send(request, response, first)
