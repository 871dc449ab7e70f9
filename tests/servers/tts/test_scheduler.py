"""The scheduler's order: the listener that runs out of sound first comes first."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from satellite.errors import EngineClosed
from servers.tts.scheduler import PATIENCE, Scheduler


class Held:
    """Yield a scheduler whose only thread is busy until released, and the order of its work."""

    def __init__(self) -> None:
        self.scheduler = Scheduler("scheduler", 1)
        self.order: list[str] = []
        self._go = threading.Event()

    async def call(self, name: str, dry: float | None) -> None:
        await self.scheduler.call(dry, lambda: self.order.append(name))

    async def run(self, *calls: tuple[str, float | None]) -> list[str]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.scheduler.call(0, self._go.wait))
            await asyncio.sleep(0)
            for call in calls:
                tasks.create_task(self.call(*call))
            await asyncio.sleep(0)
            assert self.scheduler.waiting == len(calls)
            self._go.set()
        return self.order


async def test_the_earliest_deadline_comes_first() -> None:
    held, now = Held(), time.monotonic()
    assert await held.run(("b", now + 2), ("c", now + 3), ("a", now + 1)) == ["a", "b", "c"]
    await held.scheduler.close()


async def test_new_calls_start_in_order_when_the_others_are_well_ahead() -> None:
    held, now = Held(), time.monotonic()
    calls = (("far", now + 60), ("one", None), ("two", None), ("dry", now - 1))
    assert await held.run(*calls) == ["dry", "one", "two", "far"]
    await held.scheduler.close()


async def test_every_new_call_starts_eventually(monkeypatch: pytest.MonkeyPatch) -> None:
    held, now = Held(), time.monotonic()
    monkeypatch.setattr(
        "servers.tts.scheduler.MARGIN", 1e9
    )  # the others are never far enough ahead
    later, sooner = now + PATIENCE + 5, now + PATIENCE - 1
    calls = (("later", later), ("new", None), ("sooner", sooner))
    assert await held.run(*calls) == ["sooner", "new", "later"]
    await held.scheduler.close()


async def test_a_cancelled_call_does_not_run() -> None:
    held = Held()
    go = threading.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(held.scheduler.call(0, go.wait))
        await asyncio.sleep(0)
        task = tasks.create_task(held.call("gone", 0.0))
        await asyncio.sleep(0)
        task.cancel()
        tasks.create_task(held.call("here", 1.0))
        await asyncio.sleep(0)
        assert held.scheduler.waiting == 1
        go.set()
    assert held.order == ["here"]
    await held.scheduler.close()


async def test_errors_reach_only_their_caller() -> None:
    scheduler = Scheduler("scheduler", 2)
    with pytest.raises(ZeroDivisionError):
        await scheduler.call(None, lambda: 1 / 0)
    assert await scheduler.call(None, lambda: 1) == 1
    await scheduler.close()


async def test_close_refuses_waiting_calls() -> None:
    scheduler, go = Scheduler("scheduler", 1), threading.Event()
    running = asyncio.ensure_future(scheduler.call(0, go.wait))
    waiting = asyncio.ensure_future(scheduler.call(0, go.wait))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(scheduler.close())
    with pytest.raises(EngineClosed):
        await waiting
    go.set()
    assert await running
    await closing
    with pytest.raises(EngineClosed):
        await scheduler.call(0, go.wait)
    await scheduler.close()
