"""The bell: what rings now, together, until it is dismissed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import tzinfo

from satellite.timers.ringing import PAUSE, Ring, loudness, words
from satellite.timers.schedule import DueTimers
from satellite.timers.wall_clock import Moment


class Bell:
    """Owns the task that rings; `ring` plays the sound once."""

    def __init__(
        self,
        ring: Callable[[Ring], Awaitable[None]],
        longest: float,
        clock: Callable[[], Moment],
        zone: tzinfo | None,
    ) -> None:
        self.ringing: dict[str, DueTimers] = {}
        """What rings, by id."""
        self._ring = ring
        self._longest = longest
        self._clock = clock
        self._zone = zone
        self._since = 0.0
        """When the newest of them began, `Moment.boot`."""
        self._task: asyncio.Task[None] | None = None

    def left(self, moment: Moment) -> float:
        """Seconds for which it may still ring."""
        return max(0.0, self._since + self._longest - moment.boot)

    def add(self, due: DueTimers, tasks: asyncio.TaskGroup) -> None:
        """Let something ring, with what rings already."""
        self.ringing[due.entry.id] = due
        self._since = self._clock().boot
        if self._task is None:
            self._task = tasks.create_task(self._ring_on(), name="bell")

    def silence(self) -> tuple[DueTimers, ...]:
        """Stop; what rang."""
        rang = tuple(self.ringing.values())
        self.ringing = {}
        if self._task is not None:
            self._task.cancel()
            self._task = None
        return rang

    async def _ring_on(self) -> None:
        said: set[str] = set()
        began = self._clock().boot
        while True:
            late = {id_: words(due, self._zone) for id_, due in self.ringing.items()}
            told = " ".join(text for id_, text in late.items() if text and id_ not in said)
            said.update(late)
            await self._ring(Ring(loudness(self._clock().boot - began), told))
            await asyncio.sleep(PAUSE)
