"""Who is next at the desk: whoever would be the first to hear nothing."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from satellite.errors import EngineClosed
from servers.tts.piper.scheduler import PATIENCE, Scheduler


class Held:
    """A desk of one thread that is busy until it is let go, and the order in which it worked."""

    def __init__(self) -> None:
        self.desk = Scheduler("desk", 1)
        self.order: list[str] = []
        self._go = threading.Event()

    async def call(self, name: str, dry: float | None) -> None:
        await self.desk.call(dry, lambda: self.order.append(name))

    async def run(self, *calls: tuple[str, float | None]) -> list[str]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.desk.call(0, self._go.wait))
            await asyncio.sleep(0)
            for call in calls:
                tasks.create_task(self.call(*call))
            await asyncio.sleep(0)
            assert self.desk.waiting == len(calls)
            self._go.set()
        return self.order


async def test_the_earliest_deadline_comes_first() -> None:
    held, now = Held(), time.monotonic()
    assert await held.run(("b", now + 2), ("c", now + 3), ("a", now + 1)) == ["a", "b", "c"]
    await held.desk.close()


async def test_new_calls_start_in_order_when_the_others_are_well_ahead() -> None:
    held, now = Held(), time.monotonic()
    calls = (("far", now + 60), ("one", None), ("two", None), ("dry", now - 1))
    assert await held.run(*calls) == ["dry", "one", "two", "far"]
    await held.desk.close()


async def test_every_new_call_starts_eventually(monkeypatch: pytest.MonkeyPatch) -> None:
    held, now = Held(), time.monotonic()
    monkeypatch.setattr(
        "servers.tts.piper.scheduler.MARGIN", 1e9
    )  # others are never far enough ahead
    later, sooner = now + PATIENCE + 5, now + PATIENCE - 1
    calls = (("later", later), ("new", None), ("sooner", sooner))
    assert await held.run(*calls) == ["sooner", "new", "later"]
    await held.desk.close()


async def test_a_cancelled_call_does_not_run() -> None:
    held = Held()
    go = threading.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(held.desk.call(0, go.wait))
        await asyncio.sleep(0)
        task = tasks.create_task(held.call("gone", 0.0))
        await asyncio.sleep(0)
        task.cancel()
        tasks.create_task(held.call("here", 1.0))
        await asyncio.sleep(0)
        assert held.desk.waiting == 1
        go.set()
    assert held.order == ["here"]
    await held.desk.close()


async def test_errors_reach_only_their_caller() -> None:
    desk = Scheduler("desk", 2)
    with pytest.raises(ZeroDivisionError):
        await desk.call(None, lambda: 1 / 0)
    assert await desk.call(None, lambda: 1) == 1
    await desk.close()


async def test_close_refuses_waiting_calls() -> None:
    desk, go = Scheduler("desk", 1), threading.Event()
    running = asyncio.ensure_future(desk.call(0, go.wait))
    waiting = asyncio.ensure_future(desk.call(0, go.wait))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(desk.close())
    with pytest.raises(EngineClosed):
        await waiting
    go.set()
    assert await running
    await closing
    with pytest.raises(EngineClosed):
        await desk.call(0, go.wait)
    await desk.close()
