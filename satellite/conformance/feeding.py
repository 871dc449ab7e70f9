"""Sound as engines that listen are fed with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from satellite.values import SPEECH

CHUNK = SPEECH.bytes_of(0.064)
"""A usual chunk: 64 ms, 1024 samples."""
TAIL = SPEECH.bytes_of(2.0)
"""Silence after the sound: an engine that looks beyond the last word has received it then."""


class InputFailed(Exception):
    """What a failing microphone raises."""


async def feed(audio: bytes, size: int = CHUNK) -> AsyncGenerator[bytes, None]:
    """Give the audio in chunks of `size` bytes, then two seconds of silence likewise."""
    audio += bytes(TAIL)
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
        await asyncio.sleep(0)


async def feed_uneven(audio: bytes) -> AsyncGenerator[bytes, None]:
    """Give the same in chunks of every size, empty ones and split samples among them."""
    audio += bytes(TAIL)
    start, size = 0, 0
    while start < len(audio):
        yield audio[start : start + size]
        start += size
        size = (size + 1777) % 9001
        await asyncio.sleep(0)


async def feed_for_ever(audio: bytes) -> AsyncGenerator[bytes, None]:
    """Give the audio, then silence at a quarter of a millisecond's pace without end."""
    async for chunk in feed(audio):
        yield chunk
    while True:
        yield bytes(CHUNK)
        await asyncio.sleep(0.00025)


async def feed_and_fail(audio: bytes, error: InputFailed) -> AsyncIterator[bytes]:
    """Give half of the audio, then raise."""
    async for chunk in feed(audio[: len(audio) // 4 * 2]):
        yield chunk
    raise error
