"""Sound in requests and answers: WAV and raw samples."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from satellite.audio.resample import Resampler
from satellite.audio.tempo import Tempo
from satellite.values import SPEECH, AudioChunk, AudioFormat

PIECE = 32_000
"""Bytes that an engine gets at a time: one second."""

SLICE = 256 * 1024
"""Bytes that are resampled at once: a few milliseconds of work on the event loop."""

NOTHING = AudioFormat(22050)
"""The format of an answer without a sound."""


async def speech_of(form: AudioFormat, audio: bytes) -> AsyncGenerator[bytes, None]:
    """Yield sound as 16 kHz mono, in pieces of at most a second."""
    resampler = None if form == SPEECH else Resampler(form, SPEECH)
    step = SLICE - SLICE % form.frame_bytes if resampler else PIECE
    for start in range(0, len(audio), step):
        part = audio[start : start + step]
        part = resampler.convert(part) if resampler else part
        for begin in range(0, len(part), PIECE):
            yield part[begin : begin + PIECE]
        await asyncio.sleep(0)
    if resampler and (rest := resampler.flush()):
        yield rest


async def in_one_format(
    chunks: AsyncGenerator[AudioChunk, None], rate: int | None = None
) -> AsyncGenerator[AudioChunk, None]:
    """Yield sound in the format of its first chunk, mono at `rate` if that is named.

    Another voice, with another format, may take over in the middle.
    """
    form: AudioFormat | None = AudioFormat(rate) if rate else None
    source, resampler = form, None
    async with aclosing(chunks):
        async for chunk in chunks:
            form = form or chunk.format
            if chunk.format != source:
                if resampler is not None:
                    yield AudioChunk(audio=resampler.flush(), format=form)
                resampler = Resampler(chunk.format, form) if chunk.format != form else None
                source = chunk.format
            audio = resampler.convert(chunk.audio) if resampler else chunk.audio
            if audio:
                yield AudioChunk(audio=audio, format=form)
    if resampler is not None and form is not None and (rest := resampler.flush()):
        yield AudioChunk(audio=rest, format=form)


async def at_speed(
    chunks: AsyncGenerator[AudioChunk, None], speed: float
) -> AsyncGenerator[AudioChunk, None]:
    """Yield sound of one format at another speed: 2 takes half the time."""
    tempo: Tempo | None = None
    async with aclosing(chunks):
        async for chunk in chunks:
            if speed == 1.0:
                yield chunk
                continue
            tempo = tempo or Tempo(speed, chunk.format)
            if audio := await asyncio.to_thread(tempo.convert, chunk.audio):
                yield AudioChunk(audio=audio, format=chunk.format)
    if tempo is not None and (rest := await asyncio.to_thread(tempo.flush)):
        yield AudioChunk(audio=rest, format=tempo.format)
