"""Patience ends one wait, and only that, whoever else cancels or waits."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from satellite.lib.wait_limit import WaitLimit


async def test_a_wait_that_takes_too_long_ends_with_a_timeout_and_the_next_starts_fresh() -> None:
    patience = WaitLimit(0.03)
    for _ in range(3):
        with pytest.raises(TimeoutError), patience:
            await asyncio.sleep(10)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        with patience:
            await asyncio.sleep(0)
    patience.end()


async def test_many_short_waits_may_take_longer_together() -> None:
    patience = WaitLimit(0.5)
    for _ in range(60):
        with patience:
            await asyncio.sleep(0.01)
    patience.end()


async def test_time_between_two_waits_does_not_count() -> None:
    patience = WaitLimit(0.02)
    with patience:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    with patience:
        await asyncio.sleep(0)
    patience.end()


async def test_a_cancellation_by_others_stays_one() -> None:
    patience = WaitLimit(5.0)

    async def wait() -> None:
        with patience:
            await asyncio.sleep(10)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    patience.end()


async def test_an_error_inside_passes() -> None:
    patience = WaitLimit(5.0)
    with pytest.raises(ValueError, match="torn"), patience:
        raise ValueError("torn")
    patience.end()
    patience.end()


async def test_a_timeout_around_it_is_its_owners() -> None:
    patience = WaitLimit(5.0)

    async def wait() -> None:
        with patience:
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait(), 0.02)
    with patience:
        await asyncio.sleep(0)
    patience.end()


async def test_who_stood_still_looks_at_what_came_meanwhile_before_it_gives_up() -> None:
    patience, came, loop = WaitLimit(0.1), asyncio.Event(), asyncio.get_running_loop()
    theirs, ours = os.pipe()
    loop.add_reader(theirs, came.set)

    def stand_still() -> None:
        os.write(ours, b"sound")
        time.sleep(0.4)

    loop.call_soon(stand_still)
    try:
        with patience:
            await came.wait()
    finally:
        patience.end()
        loop.remove_reader(theirs)
        os.close(theirs)
        os.close(ours)


async def test_a_program_that_stood_still_waits_again_once() -> None:
    patience, loop = WaitLimit(0.1), asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.4)
    began = loop.time()
    with pytest.raises(TimeoutError), patience:
        await asyncio.sleep(10)
    assert 0.5 <= loop.time() - began < 5.0
    patience.end()


async def test_who_stands_still_again_and_again_gives_up_all_the_same() -> None:
    patience, loop = WaitLimit(0.1), asyncio.get_running_loop()
    stood = 0

    def stand_still() -> None:
        nonlocal stood
        stood += 1
        time.sleep(0.3)
        if stood < 20:
            loop.call_soon(loop.call_later, 0.05, stand_still)

    loop.call_soon(stand_still)
    with pytest.raises(TimeoutError), patience:
        await asyncio.sleep(10)
    assert stood < 10
    stood = 20
    patience.end()
