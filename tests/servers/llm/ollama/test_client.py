"""Items made by a task of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from servers.llm.ollama.client import apart


def safely() -> asyncio.Event:
    safe = asyncio.Event()
    safe.set()
    return safe


async def test_items_come_in_order_and_the_tasks_end() -> None:
    async def count() -> AsyncGenerator[int, None]:
        for number in range(5):
            yield number

    owner: set[asyncio.Task[None]] = set()
    async with aclosing(apart(count(), owner, safely())) as items:
        assert [item async for item in items] == [0, 1, 2, 3, 4]
    await asyncio.sleep(0)
    assert not owner


async def test_what_goes_wrong_is_the_readers_to_deal_with() -> None:
    async def breaks() -> AsyncGenerator[int, None]:
        yield 1
        raise OSError("it broke")

    async with aclosing(apart(breaks(), set(), safely())) as items:
        assert await anext(items) == 1
        with pytest.raises(OSError, match="it broke"):
            await anext(items)


async def test_a_reader_that_is_cancelled_twice_cancels_the_closing_once() -> None:
    closing, closed = asyncio.Event(), asyncio.Event()

    async def slow_to_close() -> AsyncGenerator[int, None]:
        try:
            await asyncio.Event().wait()
            yield 1
        finally:
            closing.set()
            await asyncio.sleep(0.01)
            closed.set()

    async def read() -> None:
        async with aclosing(apart(slow_to_close(), owner, safely())) as items:
            await anext(items)

    owner: set[asyncio.Task[None]] = set()
    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    await closing.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.wait(owner, timeout=5)
    assert closed.is_set()


async def test_the_making_is_not_cancelled_before_it_can_be() -> None:
    safe, made = asyncio.Event(), asyncio.Event()

    async def connects() -> AsyncGenerator[int, None]:
        await asyncio.sleep(0.02)
        made.set()
        safe.set()
        await asyncio.Event().wait()
        yield 1

    items = apart(connects(), set(), safe)
    reader = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert made.is_set()
