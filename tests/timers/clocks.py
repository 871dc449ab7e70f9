"""Adjustable clocks, and a bell whose sound does not end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.timers import TimerManager
from satellite.timers.ringing import Ring, RingWords
from satellite.timers.schedule import Schedule, Timer
from satellite.timers.wall_clock import ClockReading
from tests.support.ring_words import english_rings

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str, fold: int = 0) -> float:
    """Return the Unix seconds of a local time in Berlin, such as 2026-11-20 07:00."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


class Clocks:
    """A machine's clocks, at a local time in Berlin."""

    def __init__(self, text: str = "2026-11-20 12:00") -> None:
        self.wall = berlin(text)
        self.boot = 1000.0
        self.session = "first"

    def __call__(self) -> ClockReading:
        return ClockReading(self.wall, self.boot, self.session)

    def pass_(self, seconds: float) -> None:
        """Advance both clocks, as time does, suspension included."""
        self.wall += seconds
        self.boot += seconds

    def set(self, text: str, fold: int = 0) -> None:
        """Set the wall clock."""
        self.wall = berlin(text, fold)

    def restart(self, off: float, began: float = 5.0) -> None:
        """Restart the machine after it was off for `off` seconds, during which the wall clock
        ran."""
        self.wall += off
        self.boot = began
        self.session += "'"


class EndlessRing:
    """A ringing sound that does not end by itself."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.started = asyncio.Event()

    async def __call__(self, ring: Ring) -> None:
        self.rings.append(ring)
        self.started.set()
        await asyncio.Event().wait()


class RunningTimers:
    """A timer manager on adjustable clocks, and the events that it published."""

    def __init__(
        self,
        clocks: Clocks | None = None,
        longest: float = 60,
        store: StoredValue[Schedule] | None = None,
        words: Callable[[str | None], RingWords] = english_rings,
    ) -> None:
        self.clocks = clocks or Clocks()
        self.bell = EndlessRing()
        self.events: list[events.Event] = []
        self.commands: list[Timer] = []
        """The timers whose commands are due."""
        self.timers = TimerManager(
            self.events.append,
            self.bell,
            longest,
            words,
            store,
            clock=self.clocks,
            zone=BERLIN,
            carry_out=self.commands.append,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.timers.run())
            await self.settle()
            yield
            task.cancel()

    async def settle(self) -> None:
        """Check the clocks, and let every task do its work."""
        self.timers.check_now()
        for _ in range(8):
            await asyncio.sleep(0)

    def states(self) -> list[str]:
        """Return the changes of timers and alarms, in order."""
        return [e.state for e in self.events if isinstance(e, events.Timer | events.Alarm)]
