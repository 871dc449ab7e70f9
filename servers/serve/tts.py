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
from satellite.net.messages import read
from satellite.net.remotes.base import CONTEXT
from satellite.net.remotes.tts import VOICE
from satellite.text.sentence_splitter import SentenceSplitter
from satellite.text.speakable import MarkupFilter, speakable
from satellite.values import AudioFormat, EngineInfo, SpeechRequest
from servers.pool import Pool
from servers.serve.inlet import Inlet
from servers.serve.observer import Observer
from servers.serve.work import Service, Work, Write

_PIECE = 32 * 1024
"""Most bytes of audio in one event, under a second of speech."""
_TEXT = 64 * 1024
"""Characters of streamed text held for an engine that is behind: an hour of speech."""
PATIENCE = 120.0
"""Seconds without more text after which a streamed text is given up: slow language models take
half of that to begin."""
_LONG = 4000
"""Characters of a text that takes milliseconds to be cleaned, too long for the event loop."""
_NOTHING = AudioFormat(22050)
"""The format of an answer without a sound, which some clients want before its end."""


class TtsService(Service):
    """Speaks a text sent whole, or one that is sent while it is still being written."""

    role = "tts"

    def __init__(
        self, pool: Pool, describe: Callable[[], EngineInfo], observer: Observer | None = None
    ) -> None:
        super().__init__(pool, describe, observer)
        SentenceSplitter()  # loads its package now: the first client need not wait for that

    def begin(self, event: Event, current: Work | None, model: str | None) -> Work | None:
        if wy.SynthesizeStart.is_type(event.type):
            read(wy.SynthesizeStart, event)
            return _Stream(self.pool, _request(event, model))
        if wy.Synthesize.is_type(event.type) and current is None:
            # within a stream it repeats the whole text, for servers that cannot stream
            read(wy.Synthesize, event)
            return _Whole(self.pool, _request(event, model))
        return None


class _Whole(Work):
    open = False

    def __init__(self, pool: Pool, request: SpeechRequest) -> None:
        self._pool = pool
        self._request = request

    @property
    def size(self) -> tuple[float, str]:
        return len(self._request.text), "characters"

    async def feed(self, event: Event) -> None:
        """Nothing belongs to it any more."""

    async def run(self, write: Write) -> None:
        speech = _Speech(write)
        text = self._request.text
        said = await asyncio.to_thread(speakable, text) if len(text) > _LONG else speakable(text)
        await speech.say(self._pool, msgspec.structs.replace(self._request, text=said))
        await speech.end()


class _Stream(Work):
    def __init__(self, pool: Pool, request: SpeechRequest) -> None:
        self._pool = pool
        self._request = request
        self._text: Inlet[str] = Inlet(_TEXT, patience=PATIENCE)
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
            self.open = False

    async def run(self, write: Write) -> None:
        speech, markup = _Speech(write), MarkupFilter()
        async with aclosing(self._sentences()) as sentences:
            async for sentence in sentences:
                if not (text := markup.clean(sentence)):
                    continue
                request = msgspec.structs.replace(self._request, text=text, ahead=speech.ahead)
                await speech.say(self._pool, request)
        await speech.end()
        await write(wy.SynthesizeStopped().event())

    def discard(self) -> None:
        self._text.discard()

    async def _sentences(self) -> AsyncGenerator[str, None]:
        splitter = SentenceSplitter()
        begun = False
        async for text in self._text:
            sentences = splitter.push(text)
            if not begun and not sentences and (clause := splitter.clause()):
                sentences = [clause]  # so that the first words are heard at once
            for sentence in sentences:
                begun = True
                yield sentence
        for sentence in splitter.flush():
            yield sentence


class _Speech:
    """The audio of one answer: one start, however many texts, one stop."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._format: AudioFormat | None = None
        self._seconds = 0.0
        self._lead = Lead()
        self._resampler: Resampler | None = None

    @property
    def ahead(self) -> float:
        """Seconds sent that the client cannot have played yet."""
        return self._lead.seconds

    async def say(self, pool: Pool, request: SpeechRequest) -> None:
        async with aclosing(pool.submit("synthesize", request)) as chunks:
            async for chunk in chunks:
                await self._send(chunk)
        if self._resampler is not None and self._format is not None:
            held, self._resampler = self._resampler.flush(), None
            await self._send(values.AudioChunk(audio=held, format=self._format))

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
        whole = self._alike(chunk, shape)
        piece = _PIECE - _PIECE % shape.frame_bytes
        for start in range(0, len(whole), piece):
            audio = whole[start : start + piece]
            event = AudioChunk(
                shape.rate, 2, shape.channels, audio=audio, timestamp=self._milliseconds
            )
            await self._write(event.event())
            self._seconds += shape.seconds(audio)
            self._lead.add(shape.seconds(audio))

    def _alike(self, chunk: values.AudioChunk, shape: AudioFormat) -> bytes:
        """The chunk's sound in the format that was announced: a voice with another one may take
        over between two sentences."""
        if chunk.format == shape:
            return chunk.audio
        if self._resampler is None:
            self._resampler = Resampler(chunk.format, shape)
        return self._resampler.convert(chunk.audio)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)


def _request(event: Event, model: str | None) -> SpeechRequest:
    """What is asked for, with the voice `model` where neither a voice nor a language is named; the
    text is still to come where it is streamed. Raises `BadFrame`."""
    voice, context = event.data.get("voice") or {}, event.data.get("context") or {}
    if not isinstance(voice, dict) or not isinstance(context, dict):
        raise BadFrame(f"{event.type} has a voice or a context that is no table")
    named = {ours: voice.get(theirs) for ours, theirs in VOICE.items()}
    if not named["voice"] and not named["language"]:
        named["voice"] = model
    try:
        more = msgspec.convert(context.get(CONTEXT) or {}, dict[str, Any])
        facts = {**more, **named, "text": event.data.get("text", "")}
        return msgspec.convert(facts, SpeechRequest)
    except msgspec.ValidationError as error:
        raise BadFrame(f"{event.type} is malformed: {error}") from error
