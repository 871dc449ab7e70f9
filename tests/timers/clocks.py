"""Clocks that a test turns, and a bell that never ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.timers import TimerManager
from satellite.timers.ringing import Ring
from satellite.timers.schedule import Schedule
from satellite.timers.wall_clock import Moment

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str, fold: int = 0) -> float:
    """Unix seconds of a local time in Berlin, as 2026-11-20 07:00."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


class Clocks:
    """A machine's clocks, at a local time in Berlin."""

    def __init__(self, text: str = "2026-11-20 12:00") -> None:
        self.wall = berlin(text)
        self.boot = 1000.0
        self.session = "first"

    def __call__(self) -> Moment:
        return Moment(self.wall, self.boot, self.session)

    def pass_(self, seconds: float) -> None:
        """Time passes, awake or asleep."""
        self.wall += seconds
        self.boot += seconds

    def set(self, text: str, fold: int = 0) -> None:
        """Somebody sets the wall's clock."""
        self.wall = berlin(text, fold)

    def restart(self, off: float, began: float = 5.0) -> None:
        """The machine is off for so long; its clock goes on meanwhile."""
        self.wall += off
        self.boot = began
        self.session += "'"


class Bell:
    """A ringing sound that never ends by itself."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.started = asyncio.Event()

    async def __call__(self, ring: Ring) -> None:
        self.rings.append(ring)
        self.started.set()
        await asyncio.Event().wait()


class Kitchen:
    """Timers that run, and what they told."""

    def __init__(
        self,
        clocks: Clocks | None = None,
        longest: float = 60,
        kept: StoredValue[Schedule] | None = None,
    ) -> None:
        self.clocks = clocks or Clocks()
        self.bell = Bell()
        self.told: list[events.Event] = []
        self.timers = TimerManager(
            self.told.append, self.bell, longest, kept, clock=self.clocks, zone=BERLIN
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.timers.run())
            await self.settle()
            yield
            task.cancel()

    async def settle(self) -> None:
        """Let everybody do what there is to do now, as at one of the looks at the clocks."""
        self.timers.look()
        for _ in range(8):
            await asyncio.sleep(0)

    def states(self) -> list[str]:
        """What timers and alarms went through."""
        return [e.state for e in self.told if isinstance(e, events.Timer | events.Alarm)]
