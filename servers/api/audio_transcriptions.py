"""`POST /v1/audio/transcriptions`: speech-to-text of a file.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Annotated

import msgspec
from aiohttp import web

from satellite.errors import SatelliteError, UsageError
from satellite.http.api.connection import ClientGone, send, while_connected
from satellite.http.api.engines import EngineAccess
from satellite.http.api.roles import require
from satellite.http.api.route import EVENTS, JSON, ApiRoute, LanguageCode, ModelName, json_answer
from satellite.http.api.transcribe import LONGEST, FinalEvent, TranscriptEvent, recognition
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.options import plain
from satellite.text.printable import printable_json
from satellite.values import AudioFormat, TranscribeRequest
from servers.api.form import read_form
from servers.api.model_names import chosen_model
from servers.api.openai_errors import ApiErrorAnswer, Unsupported, answering, problem_of, refusal
from servers.api.sound_files import read_sound

_LOGGER = logging.getLogger(__name__)

FORM = "multipart/form-data"
TEXT = "text/plain"
TEXT_KIND, VERBOSE = "text", "verbose_json"


class TranscriptionForm(msgspec.Struct, frozen=True):
    """The fields of the form, beside the file; others have no effect."""

    model: ModelName = ""
    language: LanguageCode = ""
    response_format: str = "json"
    """`json`, `text` or `verbose_json`."""
    stream: bool = False


class UploadForm(TranscriptionForm, frozen=True):
    """A form with a file: wav; with PyAV also mp3, ogg, webm, mp4, m4a, flac and aac."""

    file: bytes = b""


class TranscriptionAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The text; with `verbose_json` more. The engines do not report segments."""

    text: str
    language: str | None = None
    duration: Annotated[float, msgspec.Meta(description="Seconds")] | None = None
    task: str | None = None


class DeltaEvent(msgspec.Struct, frozen=True, tag_field="type", tag="transcript.text.delta"):
    """A piece of the text, which follows those before it."""

    delta: str


class DoneEvent(msgspec.Struct, frozen=True, tag_field="type", tag="transcript.text.done"):
    """The whole text."""

    text: str


def transcriptions_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def transcribe(request: web.Request) -> web.StreamResponse:
        require(engines, "asr")
        with ExitStack() as held:
            add = held.enter_context(reserved(memory.of(request.remote or "")))
            form = await read_form(request, add)
            try:
                asked = msgspec.convert(form.fields, TranscriptionForm, strict=False)
            except msgspec.ValidationError as error:
                raise UsageError(f"the form is not as expected: {plain(str(error))}") from error
            kind = _kind(asked.response_format, form.fields)
            if not form.file:
                raise UsageError("the form has no file: name its field `file`")
            wanted = TranscribeRequest(
                language=asked.language or engines.language,
                model=chosen_model(engines, "asr", asked.model),
            )
            async with while_connected(request):
                shape, audio = await _sound(form.file)
            add(max(0, len(audio) - len(form.file)))
            events = recognition(engines, shape, audio, wanted, request.remote or "")
            if asked.stream:
                return await _stream(request, events)
            async with while_connected(request), aclosing(events):
                final = [event async for event in events][-1]
        assert isinstance(final, FinalEvent)
        return _answer(kind, final)

    return ApiRoute(
        method="POST",
        path="/v1/audio/transcriptions",
        summary="Recognize the speech of a file",
        handler=answering(transcribe),
        takes={FORM: UploadForm},
        gives={
            JSON: TranscriptionAnswer,
            TEXT: str,
            EVENTS: DeltaEvent | DoneEvent,
        },
        fails=ApiErrorAnswer,
        refused=refusal,
    )


def _kind(wanted: str, fields: dict[str, str]) -> str:
    if wanted in ("srt", "vtt", "diarized_json") or any(
        name.startswith("timestamp_granularities") for name in fields
    ):
        name = "response_format" if wanted not in ("json", "verbose_json") else "timestamps"
        raise Unsupported(
            name, f"{name}: the engines report no times; ask for json, text or verbose_json alone"
        )
    if wanted in ("json", TEXT_KIND, VERBOSE):
        return wanted
    raise Unsupported("response_format", "response_format: json, text or verbose_json")


def _answer(kind: str, final: FinalEvent) -> web.Response:
    if kind == TEXT_KIND:
        return web.Response(text=f"{final.text}\n", content_type=TEXT)
    if kind == VERBOSE:
        known = TranscriptionAnswer(final.text, final.language or "", final.seconds, "transcribe")
        return json_answer(known)
    return json_answer(TranscriptionAnswer(final.text))


async def _sound(content: bytes) -> tuple[AudioFormat, bytes]:
    """Decode a file in a thread, which stops soon after this is cancelled."""
    stopped = threading.Event()
    try:
        return await asyncio.to_thread(read_sound, content, LONGEST, stopped.is_set)
    finally:
        stopped.set()


async def _stream(
    request: web.Request, events: AsyncGenerator[TranscriptEvent, None]
) -> web.StreamResponse:
    """Send the text as it comes. OpenAI's pieces only append, so that a text which changes in the
    middle waits for the end."""
    response = web.StreamResponse(headers={"Content-Type": EVENTS, "Cache-Control": "no-store"})
    sent = ""

    async def out(event: msgspec.Struct) -> None:
        if not response.prepared:
            await response.prepare(request)
        await send(request, response, b"data: %s\n\n" % printable_json(msgspec.json.encode(event)))

    try:
        async with while_connected(request), aclosing(events):
            async for event in events:
                if event.text.startswith(sent) and (delta := event.text.removeprefix(sent)):
                    await out(DeltaEvent(delta))
                    sent = event.text
                if isinstance(event, FinalEvent):
                    await out(DoneEvent(event.text))
    except ClientGone as error:
        _LOGGER.debug("transcription: %s", error)
    except SatelliteError as error:
        if not response.prepared:
            raise
        _LOGGER.warning("transcription: %s", error)
        try:
            await out(ApiErrorAnswer(problem_of(error)))
        except ClientGone as gone:
            _LOGGER.debug("transcription: %s", gone)
    return response
