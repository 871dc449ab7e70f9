"""Text-to-speech as a Wyoming service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from wyoming import tts as wy
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from satellite import values
from satellite.audio.lead import Lead
from satellite.audio.resample import Resampler
from satellite.errors import BadFrame
from satellite.languages.text_rules import text_rules
from satellite.net.memory_budget import Budget
from satellite.net.messages import read
from satellite.net.remotes.base import CONTEXT
from satellite.net.remotes.tts import VOICE
from satellite.text.sentence_splitter import SentenceSplitter
from satellite.text.speakable import MarkupFilter, speakable
from satellite.values import AudioFormat, EngineInfo, SpeechRequest
from servers.pool import Pool
from servers.serve.input_buffer import InputBuffer
from servers.serve.observer import Observer
from servers.serve.service import RequestHandler, Service, Write

_PIECE = 32 * 1024
"""Most bytes of audio in one event: under a second of speech."""
_TEXT = 64 * 1024
"""Characters of streamed text buffered for a slow engine: an hour of speech."""
PATIENCE = 120.0
"""Seconds without text after which a streamed text is abandoned: slow language models take half of
that to begin."""
_LONG = 4000
"""Characters above which cleaning a text takes milliseconds, too long for the event loop."""
_NOTHING = AudioFormat(22050)
"""Format announced for an answer without audio: some clients need a start before the stop."""


class TtsService(Service):
    """Speaks a text sent whole, or one that is streamed while it is being written."""

    role = "tts"

    def __init__(
        self, pool: Pool, describe: Callable[[], EngineInfo], observer: Observer | None = None
    ) -> None:
        super().__init__(pool, describe, observer)
        text_rules()  # reads the English ones now, not for the first client

    def begin(
        self,
        event: Event,
        current: RequestHandler | None,
        model: str | None,
        memory: Budget,
    ) -> RequestHandler | None:
        if wy.SynthesizeStart.is_type(event.type):
            read(wy.SynthesizeStart, event)
            return _StreamHandler(self.pool, _request(event, model), memory)
        if wy.Synthesize.is_type(event.type) and current is None:
            # within a stream it repeats the whole text, for servers that cannot stream
            read(wy.Synthesize, event)
            return _TextHandler(self.pool, _request(event, model))
        return None


class _TextHandler(RequestHandler):
    expects_more = False

    def __init__(self, pool: Pool, request: SpeechRequest) -> None:
        self._pool = pool
        self._request = request

    @property
    def size(self) -> tuple[float, str]:
        return len(self._request.text), "characters"

    async def feed(self, event: Event) -> None:
        """Ignore the event: the request is complete."""

    async def run(self, write: Write) -> None:
        writer = _AudioWriter(write)
        text = self._request.text
        spoken = await asyncio.to_thread(speakable, text) if len(text) > _LONG else speakable(text)
        await writer.speak(self._pool, msgspec.structs.replace(self._request, text=spoken))
        await writer.end()


class _StreamHandler(RequestHandler):
    def __init__(self, pool: Pool, request: SpeechRequest, memory: Budget) -> None:
        self._pool = pool
        self._request = request
        self._text: InputBuffer[str] = InputBuffer(_TEXT, memory, PATIENCE)
        self._characters = 0

    @property
    def size(self) -> tuple[float, str]:
        return self._characters, "characters"

    async def feed(self, event: Event) -> None:
        if wy.SynthesizeChunk.is_type(event.type):
            text = read(wy.SynthesizeChunk, event).text
            self._characters += len(text)
            await self._text.put(text, len(text))
        elif wy.SynthesizeStop.is_type(event.type):
            self._text.end()
            self.expects_more = False

    async def run(self, write: Write) -> None:
        writer, markup = _AudioWriter(write), MarkupFilter()
        async with aclosing(self._sentences()) as sentences:
            async for sentence in sentences:
                if not (text := markup.clean(sentence)):
                    continue
                request = msgspec.structs.replace(self._request, text=text, ahead=writer.ahead)
                await writer.speak(self._pool, request)
        await writer.end()
        await write(wy.SynthesizeStopped().event())

    def discard(self) -> None:
        self._text.discard()

    async def _sentences(self) -> AsyncGenerator[str, None]:
        splitter = SentenceSplitter(text_rules(self._request.language), early=True)
        async for text in self._text:
            for sentence in splitter.push(text):
                yield sentence
        for sentence in splitter.flush():
            yield sentence


class _AudioWriter:
    """Writes the audio of one answer: one start, the speech of any number of texts, one stop."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._format: AudioFormat | None = None
        self._seconds = 0.0
        self._lead = Lead()
        self._resampler: Resampler | None = None

    @property
    def ahead(self) -> float:
        """Seconds of audio sent that the client cannot have played yet."""
        return self._lead.seconds

    async def speak(self, pool: Pool, request: SpeechRequest) -> None:
        async with aclosing(pool.submit("synthesize", request)) as chunks:
            async for chunk in chunks:
                await self._send(chunk)
        if self._resampler is not None and self._format is not None:
            rest, self._resampler = self._resampler.flush(), None
            await self._send(values.AudioChunk(audio=rest, format=self._format))

    async def end(self) -> None:
        if self._format is None:
            await self._start(_NOTHING)
        await self._write(AudioStop(timestamp=self._milliseconds).event())

    async def _start(self, shape: AudioFormat) -> None:
        self._format = shape
        await self._write(AudioStart(shape.rate, 2, shape.channels, timestamp=0).event())

    async def _send(self, chunk: values.AudioChunk) -> None:
        if self._format is None:
            await self._start(chunk.format)
        shape = self._format or chunk.format
        audio = self._converted(chunk, shape)
        size = _PIECE - _PIECE % shape.frame_bytes
        for start in range(0, len(audio), size):
            piece = audio[start : start + size]
            event = AudioChunk(
                shape.rate, 2, shape.channels, audio=piece, timestamp=self._milliseconds
            )
            await self._write(event.event())
            self._seconds += shape.seconds(piece)
            self._lead.add(shape.seconds(piece))

    def _converted(self, chunk: values.AudioChunk, shape: AudioFormat) -> bytes:
        """Return the chunk's audio in the announced format: another voice, with another format, may
        take over between two sentences."""
        if chunk.format == shape:
            return chunk.audio
        if self._resampler is None:
            self._resampler = Resampler(chunk.format, shape)
        return self._resampler.convert(chunk.audio)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)


def _request(event: Event, model: str | None) -> SpeechRequest:
    """Return the request, with the voice `model` where it names neither a voice nor a language.

    The text of a stream follows later. Raises `BadFrame`.
    """
    voice, context = event.data.get("voice") or {}, event.data.get("context") or {}
    if not isinstance(voice, dict) or not isinstance(context, dict):
        raise BadFrame(f"{event.type} has a voice or a context that is not a table")
    named = {ours: voice.get(theirs) for ours, theirs in VOICE.items()}
    if not named["voice"] and not named["language"]:
        named["voice"] = model
    try:
        more = msgspec.convert(context.get(CONTEXT) or {}, dict[str, Any])
        facts = {**more, **named, "text": event.data.get("text", "")}
        return msgspec.convert(facts, SpeechRequest)
    except msgspec.ValidationError as error:
        raise BadFrame(f"{event.type} is malformed: {error}") from error
