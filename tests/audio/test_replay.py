"""An utterance can be replayed from its beginning, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from satellite.audio import replay as recordings
from satellite.audio.replay import Recording, recording
from satellite.errors import EngineFailed

CHUNK = bytes(1000)


async def source(count: int, taken: list[int] | None = None) -> AsyncIterator[bytes]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield bytes([number % 256]) * 1000


async def hear(record: Recording) -> bytes:
    async with aclosing(record.play()) as audio:
        return b"".join([chunk async for chunk in audio])


async def test_every_reader_hears_all_of_it() -> None:
    whole = b"".join([chunk async for chunk in source(20)])
    async with recording(source(20)) as record:
        async with aclosing(record.play()) as audio:
            first = [await anext(audio) for _ in range(7)]
        assert b"".join(first) == whole[:7000]
        assert await hear(record) == whole
        assert await hear(record) == whole


async def test_what_is_too_long_is_heard_once_and_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recordings, "CAPACITY", 5000)
    taken: list[int] = []
    async with recording(source(50, taken)) as record:
        await asyncio.sleep(0.02)
        assert len(taken) <= 7, "nobody reads: nothing more is taken than is kept"
        async with aclosing(record.play()) as audio:
            size, furthest = 0, 0
            async for chunk in audio:
                size += len(chunk)
                furthest = max(furthest, len(taken) - size // 1000)
        assert size == 50_000
        assert furthest <= 7
        with pytest.raises(EngineFailed, match="too long to be replayed"):
            await hear(record)


async def test_chunks_that_are_there_come_joined_up_to_a_size() -> None:
    async def source() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"ab"

    record = Recording()
    await record.fill(source())
    for _ in range(2):
        assert [chunk async for chunk in record.play(3)] == [b"abab", b"abab", b"ab"]


async def test_an_error_of_the_source_comes_where_it_happened() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CHUNK
        raise ZeroDivisionError

    async with recording(broken()) as record:
        for _ in range(2):
            async with aclosing(record.play()) as audio:
                assert await anext(audio) == CHUNK
                with pytest.raises(ZeroDivisionError):
                    await anext(audio)


async def test_its_end_is_reported_now_or_when_it_comes() -> None:
    told: list[float] = []
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CHUNK
        await gate.wait()

    async with recording(slow()) as record:
        with record.when_ended(told.append):
            await asyncio.sleep(0.01)
            assert told == []
            gate.set()
            assert await hear(record) == CHUNK
            assert len(told) == 1
        with record.when_ended(told.append):
            assert len(told) == 2
    assert told[0] == told[1] == record.ended_at
