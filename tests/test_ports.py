"""The calls of an engine that are under way, when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from satellite.errors import EngineClosed
from satellite.ports import OpenCalls


async def count(pause: float = 0.0) -> AsyncGenerator[int, None]:
    for number in range(3):
        await asyncio.sleep(pause)
        yield number


async def collect(calls: OpenCalls, items: AsyncGenerator[int, None]) -> list[int]:
    return [item async for item in calls.run(items)]


async def test_open_calls_pass_every_item_on() -> None:
    assert await collect(OpenCalls("x"), count()) == [0, 1, 2]


async def test_closing_ends_a_call_that_waits() -> None:
    calls = OpenCalls("parrot")
    call = asyncio.create_task(collect(calls, count(pause=60)))
    await asyncio.sleep(0)
    await calls.close()
    with pytest.raises(EngineClosed, match="parrot was closed"):
        await call
    assert not call.cancelled()


async def test_closing_between_items_ends_the_call_at_the_next() -> None:
    calls = OpenCalls("parrot")
    items = calls.run(count())
    assert await anext(items) == 0
    await calls.close()
    with pytest.raises(EngineClosed):
        await anext(items)


async def test_later_calls_are_refused_and_closing_is_idempotent() -> None:
    calls = OpenCalls("parrot")
    for _ in range(2):
        await calls.close()
    with pytest.raises(EngineClosed, match="parrot is closed"):
        await collect(calls, count())


async def test_a_call_is_cleaned_up_when_it_is_closed() -> None:
    cleaned = []

    async def engine() -> AsyncGenerator[int, None]:
        try:
            await asyncio.Event().wait()
            yield 1
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    calls = OpenCalls("x")
    call = asyncio.create_task(collect(calls, engine()))
    await asyncio.sleep(0)
    await calls.close()
    with pytest.raises(EngineClosed):
        await call
    assert cleaned == [True]


async def test_the_cancellation_of_the_caller_stays_one() -> None:
    calls = OpenCalls("x")
    call = asyncio.create_task(collect(calls, count(pause=60)))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    await calls.close()


async def test_both_at_once_are_a_cancellation() -> None:
    calls = OpenCalls("x")
    call = asyncio.create_task(collect(calls, count(pause=60)))
    await asyncio.sleep(0)
    call.cancel()
    await calls.close()
    await asyncio.wait({call})
    assert call.cancelled()


async def test_a_timeout_around_a_call_still_works() -> None:
    calls = OpenCalls("x")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await collect(calls, count(pause=60))
    assert await collect(calls, count()) == [0, 1, 2]


async def test_an_engine_that_ignores_its_end_is_stopped_at_its_next_item() -> None:
    async def stubborn() -> AsyncGenerator[int, None]:
        for number in range(2):
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
            yield number

    calls = OpenCalls("x")
    call = asyncio.create_task(collect(calls, stubborn()))
    await asyncio.sleep(0)
    await calls.close()
    with pytest.raises(EngineClosed):
        await call
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
