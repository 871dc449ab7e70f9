"""Timers run, ring, and are dismissed; on a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from satellite import events
from satellite.timers import MOST, Timers


class Bell:
    """A ringing sound that never ends by itself."""

    def __init__(self) -> None:
        self.rung = 0
        self.started = asyncio.Event()

    async def __call__(self) -> None:
        self.rung += 1
        self.started.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def running(
    bell: Bell, longest: float = 60
) -> AsyncIterator[tuple[Timers, list[events.Timer]]]:
    told: list[events.Timer] = []
    timers = Timers(told.append, bell, longest)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(timers.run())
        yield timers, told
        task.cancel()


async def test_a_timer_rings_until_it_is_dismissed() -> None:
    bell = Bell()
    async with running(bell) as (timers, told):
        timers.start(0.0, "pizza")
        async with asyncio.timeout(5):
            await bell.started.wait()
        assert timers.ringing
        assert timers.dismiss()
        while timers.ringing:
            await asyncio.sleep(0)
        assert [(event.state, event.name) for event in told] == [
            ("started", "pizza"),
            ("finished", "pizza"),
            ("dismissed", "pizza"),
        ]


async def test_nobody_comes_and_the_ringing_ends_by_itself() -> None:
    bell = Bell()
    async with running(bell, longest=0.01) as (timers, told):
        timers.start(0.0)
        async with asyncio.timeout(5):
            while [event.state for event in told] != ["started", "finished", "dismissed"]:
                await asyncio.sleep(0.001)
        assert not timers.ringing


async def test_the_soonest_comes_first_and_what_is_cancelled_never() -> None:
    bell = Bell()
    async with running(bell, longest=0.001) as (timers, told):
        timers.start(3600, "late")
        timers.start(1800, "soon")
        soon, late = timers.states()
        assert (soon.name, late.name) == ("soon", "late")
        assert 0 < soon.remaining <= 1800
        timers.cancel(soon.id)
        assert [timer.name for timer in timers.states()] == ["late"]
        timers.cancel()
        assert timers.states() == ()
    assert [event.state for event in told] == ["started", "started", "cancelled", "cancelled"]
    assert bell.rung == 0


async def test_too_many_timers_are_refused_aloud() -> None:
    told: list[events.Event] = []
    timers = Timers(told.append, Bell(), 60)
    for _ in range(MOST + 1):
        timers.start(60)
    assert len(timers.states()) == MOST
    assert isinstance(told[-1], events.Error)
    assert not timers.dismiss()
