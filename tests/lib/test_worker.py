"""Calls on a worker thread: order, cancellation, closing."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from satellite.errors import EngineClosed
from satellite.lib.worker import Worker

LIMIT = 5.0
"""Seconds a test's thread waits for its event: only a failing test comes near it."""


async def test_calls_run_off_the_loop_in_order() -> None:
    worker, order = Worker("test"), list[int]()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker.call(order.append, number)) for number in range(20)]
    assert order == list(range(20))
    assert all(task.done() for task in tasks)
    assert await worker.call(threading.current_thread) is not threading.current_thread()
    await worker.close()


async def test_an_abandoned_worker_ends_after_its_call_and_takes_no_other() -> None:
    worker, begun, go, done = Worker("test"), *(threading.Event() for _ in range(3))

    def work() -> None:
        begun.set()
        go.wait(LIMIT)
        done.set()

    running = asyncio.ensure_future(worker.call(work))
    while not begun.is_set():
        await asyncio.sleep(0.001)
    worker.abandon()
    worker.abandon()
    assert not done.is_set()
    with pytest.raises(EngineClosed):
        await worker.call(print)
    go.set()
    await running


async def test_iterating_asks_for_one_item_at_a_time_and_closes_the_iterator() -> None:
    worker, made, closed = Worker("test"), list[int](), threading.Event()

    def numbers() -> Iterator[int]:
        try:
            for number in range(100):
                made.append(number)
                yield number
        finally:
            closed.set()

    async with aclosing(worker.iterate(numbers)) as items:
        assert [await anext(items), await anext(items)] == [0, 1]
    await worker.close()
    assert made == [0, 1]
    assert closed.is_set()


async def test_an_exception_of_the_function_reaches_the_caller() -> None:
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        await worker.call(lambda: 1 // 0)
    await worker.close()


async def test_a_cancelled_call_leaves_the_worker_usable() -> None:
    worker, begun, release = Worker("test"), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        release.wait(LIMIT)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(worker.call(slow))
        await asyncio.to_thread(begun.wait, LIMIT)
        task.cancel()
    release.set()
    assert await worker.call(len, "abc") == 3
    await worker.close()


async def test_closing_ends_the_running_call_and_refuses_those_that_wait() -> None:
    worker, begun, release = Worker("test"), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        release.wait(LIMIT)
        return "done"

    async with asyncio.TaskGroup() as group:
        running = group.create_task(worker.call(slow))
        await asyncio.to_thread(begun.wait, LIMIT)
        waiting = group.create_task(_outcome(worker))
        closing = group.create_task(worker.close())
        await asyncio.sleep(0)
        release.set()
    assert running.result() == "done"
    assert isinstance(waiting.result(), EngineClosed)
    assert closing.done()
    await worker.close()
    assert isinstance(await _outcome(worker), EngineClosed)


async def _outcome(worker: Worker) -> BaseException | None:
    try:
        await worker.call(len, "abc")
    except EngineClosed as error:
        return error
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
async def test_model_threads_give_way_to_the_event_loop() -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    usual = nice()
    polite, urgent = Worker("polite", nice=5), Worker("urgent")
    assert await polite.call(nice) == usual + 5
    assert await urgent.call(nice) == usual, "each worker has its own priority"
    await polite.close()
    await urgent.close()
    assert nice() == usual
