"""`POST /api/transcribe`: the text of a sound, whole or as it is recognized."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Annotated

import msgspec
from aiohttp import web

from satellite.audio.wavfile import parse_wav
from satellite.errors import UsageError
from satellite.http.api.connection import while_connected
from satellite.http.api.engines import EngineAccess
from satellite.http.api.event_answer import FailedEvent, stream_events
from satellite.http.api.roles import require
from satellite.http.api.route import (
    EVENTS,
    JSON,
    ApiRoute,
    LanguageCode,
    ModelName,
    json_answer,
    query_of,
    wants_events,
)
from satellite.http.api.sound import speech_of
from satellite.http.body import read_body
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.values import AudioFormat, TranscribeRequest

LONGEST = 900.0
"""Seconds of the longest sound, as at the port of speech-to-text."""

WAV = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
RAW = ("audio/pcm", "audio/raw", "application/octet-stream")


class SoundQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to know about the sound; rate and channels are those of raw samples."""

    language: LanguageCode | None = None
    model: ModelName | None = None
    rate: Annotated[int, msgspec.Meta(ge=4000, le=192_000, description="Hz")] = 16000
    channels: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1


class Recognized(msgspec.Struct, frozen=True):
    """The text of a sound; empty where nothing was understood."""

    text: str
    engine: str
    seconds: float
    """How long the sound lasts."""
    language: str | None = None


class PartialEvent(msgspec.Struct, frozen=True, tag_field="event", tag="partial"):
    """The text so far, which takes the place of the one before."""

    text: str


class FinalEvent(msgspec.Struct, frozen=True, tag_field="event", tag="final"):
    """The text; the last event."""

    text: str
    engine: str
    seconds: float
    language: str | None = None


TranscriptEvent = PartialEvent | FinalEvent


def transcribe_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def transcribe(request: web.Request) -> web.StreamResponse:
        require(engines, "asr")
        query = query_of(request, SoundQuery)
        with ExitStack() as held:
            add = held.enter_context(reserved(memory.of(request.remote or "")))
            body = await read_body(request, add)
            form, audio = await _sound(request, query, body)
            add(max(0, len(audio) - len(body)))
            asked = TranscribeRequest(
                language=query.language or engines.language, model=query.model
            )
            events = recognition(engines, form, audio, asked, request.remote or "")
            if wants_events(request):
                return await stream_events(request, events)
            async with while_connected(request), aclosing(events):
                async for event in events:
                    if isinstance(event, FinalEvent):
                        return json_answer(msgspec.convert(event, Recognized, from_attributes=True))
        return json_answer(Recognized("", engines.label("asr"), form.seconds(audio)))

    return ApiRoute(
        method="POST",
        path="/api/transcribe",
        summary="Recognize speech; with Accept: text/event-stream, partial texts as they come",
        handler=transcribe,
        query=SoundQuery,
        takes=dict.fromkeys((WAV[0], RAW[0])),
        gives={JSON: Recognized, EVENTS: TranscriptEvent | FailedEvent},
    )


async def recognition(
    engines: EngineAccess, form: AudioFormat, audio: bytes, asked: TranscribeRequest, caller: str
) -> AsyncGenerator[TranscriptEvent, None]:
    """Yield what is recognized in a sound; the last event is the final one."""
    text, language = "", asked.language
    async with (
        aclosing(speech_of(form, audio)) as pieces,
        aclosing(engines.transcribe(pieces, asked, caller)) as results,
    ):
        async for result in results:
            language = result.language or language
            if result.final:
                text = result.text
                break
            if result.text != text:
                text = result.text
                yield PartialEvent(text)
    yield FinalEvent(text, engines.label("asr"), form.seconds(audio), language)


async def _sound(request: web.Request, query: SoundQuery, body: bytes) -> tuple[AudioFormat, bytes]:
    """Return the sound of a request. Raises `UsageError`, `web.HTTPUnsupportedMediaType`."""
    kind = request.content_type
    if kind in WAV or (kind in RAW and body[:4] == b"RIFF"):
        return await asyncio.to_thread(parse_wav, body, "the WAV file that was sent", LONGEST)
    if kind not in RAW:
        raise web.HTTPUnsupportedMediaType(
            reason=f"Content-Type: {WAV[0]}, or {RAW[0]} for 16-bit little-endian samples"
        )
    form = AudioFormat(query.rate, query.channels)
    if len(body) < form.frame_bytes:
        raise UsageError("the request has no sound")
    if form.seconds(body) > LONGEST:
        raise UsageError(f"the sound lasts longer than {LONGEST:g} s: send it in parts")
    return form, body
