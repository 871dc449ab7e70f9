"""Converts a client's audio events to 16 kHz mono, which speech engines take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from satellite.audio.resample import Resampler
from satellite.errors import EngineFailed
from satellite.net.formats import AudioReader, format_of
from satellite.net.memory_budget import Budget
from satellite.net.messages import read
from satellite.values import SPEECH, AudioFormat
from servers.serve.input_buffer import InputBuffer
from servers.serve.sound_pace import SoundPace

_CAPACITY = 2 * 1024 * 1024
"""Bytes buffered for a slow engine: a minute of 16 kHz mono."""
_SLICE = 64 * 1024
"""Bytes resampled at once: a few milliseconds of work on the event loop."""


class IncomingAudio:
    """The audio of one request: fed with events, iterated as 16 kHz mono."""

    def __init__(
        self, held: Budget, longest: float | None = None, patience: float | None = None
    ) -> None:
        """`held` counts the buffered bytes; `longest` bounds the audio, and `patience` the wait for
        its next piece, both in seconds; None means no bound."""
        self.origin: int | None = None
        """The client's timestamp of the first sample in milliseconds; None if it sends none."""
        self.seconds = 0.0
        """Seconds of audio that the engine has taken."""
        self.received = 0.0
        """Seconds of audio that the client has sent."""
        self._longest = longest
        self._reader = AudioReader()
        self._buffer: InputBuffer[tuple[AudioFormat, bytes]] = InputBuffer(
            _CAPACITY, held, patience
        )
        self._pace: SoundPace | None = None

    async def feed(self, event: Event) -> bool:
        """Take an event; return whether more audio may follow. Raises `BadFrame`."""
        if AudioChunk.is_type(event.type):
            chunk = read(AudioChunk, event)
            if self.origin is None:
                self.origin = chunk.timestamp
            audio = self._reader.convert(chunk)
            self.received += audio.format.seconds(audio.audio)
            await self._buffer.put((audio.format, audio.audio), len(audio.audio))
        elif AudioStart.is_type(event.type):
            format_of(read(AudioStart, event))
        elif AudioStop.is_type(event.type):
            self._buffer.end()
            return False
        return True

    def discard(self) -> None:
        """Drop the buffered audio and all that follows."""
        self._buffer.discard()

    def slowness(self, now: float) -> str:
        """Return why the client's sound is too slow for an engine that waits for it, if it is."""
        if self._pace is None or not self._buffer.starved:
            return ""
        return self._pace.slowness(now)

    def sending(self, now: float) -> float:
        """Return the seconds since an engine began to take sound that is not complete yet."""
        return 0.0 if self._pace is None or self._buffer.ended else self._pace.since_start(now)

    async def samples(self) -> AsyncGenerator[bytes, None]:
        """Yield the audio as 16 kHz mono, in pieces of any size.

        Raises `EngineFailed` for more than `longest`, `EngineTimeout` after `patience`.
        """
        size, pace = 0, SoundPace()
        self._pace = pace
        async with aclosing(self._converted()) as pieces:
            async for piece in pieces:
                size += len(piece)
                seconds = SPEECH.seconds(piece)
                self.seconds += seconds
                pace.add(seconds)
                if self._longest is not None and size > SPEECH.bytes_of(self._longest):
                    raise EngineFailed(
                        f"one request may last {self._longest:g} s: send it in parts"
                    )
                yield piece

    async def _converted(self) -> AsyncGenerator[bytes, None]:
        resampler, source = None, SPEECH
        async for shape, audio in self._buffer:
            if shape != source:
                if resampler is not None:
                    yield resampler.flush()
                resampler = Resampler(shape, SPEECH) if shape != SPEECH else None
                source = shape
            if resampler is None:
                yield audio
                continue
            for start in range(0, len(audio), _SLICE):
                yield resampler.convert(audio[start : start + _SLICE])
                await asyncio.sleep(0)
        if resampler is not None:
            yield resampler.flush()


def is_audio(event: Event) -> bool:
    """Return whether an event begins or carries audio."""
    return AudioStart.is_type(event.type) or AudioChunk.is_type(event.type)
