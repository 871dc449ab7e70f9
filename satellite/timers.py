"""Timers: kept by the satellite, rung by the satellite."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from satellite import events
from satellite.values import TimerState

MOST = 64
"""Timers kept at once: more than a kitchen needs, few enough to be told apart."""

PAUSE = 0.5
"""Seconds of silence between two rings, in which a person can be heard."""


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A timer that is kept; `due` in seconds of the event loop's clock."""

    id: str
    total: float
    due: float
    name: str | None
    left: float | None = None
    """Seconds left of one that was halted, which is never due."""


class Timers:
    """Owns the timers that run and the one that rings.

    `ring` plays the ringing sound once; it is called again and again, and cancelled when the timer
    is dismissed or `longest` seconds are over.
    """

    def __init__(
        self,
        publish: Callable[[events.Event], None],
        ring: Callable[[], Awaitable[None]],
        longest: float,
    ) -> None:
        self._publish = publish
        self._ring = ring
        self._longest = longest
        self._running: dict[str, Timer] = {}
        self._ringing: Timer | None = None
        self._changed = asyncio.Event()
        self._dismissed = asyncio.Event()

    @property
    def ringing(self) -> bool:
        """A timer rings now."""
        return self._ringing is not None

    def states(self) -> tuple[TimerState, ...]:
        """The running timers, soonest first."""
        now = asyncio.get_running_loop().time()
        return tuple(
            TimerState(
                id=t.id,
                total=t.total,
                remaining=max(0.0, t.due - now) if t.left is None else t.left,
                name=t.name,
            )
            for t in sorted(self._running.values(), key=lambda timer: timer.due)
        )

    def start(
        self,
        seconds: float,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  the protocol's own word
    ) -> None:
        """Start a timer; beyond `MOST` of them the new one is refused with an error event."""
        if len(self._running) >= MOST:
            text = f"{MOST} timers are running already"
            self._publish(events.Error(where="timers", text=text))
            return
        due = asyncio.get_running_loop().time() + seconds
        timer = Timer(id=id or uuid.uuid4().hex[:8], total=seconds, due=due, name=name)
        self._running[timer.id] = timer
        self._tell(timer, "started")
        self._changed.set()

    def change(self, id: str, seconds: float, active: bool) -> None:  # noqa: A002
        """Give a timer so many seconds more from now on; one that is not `active` is halted."""
        if (timer := self._running.get(id)) is None:
            return
        due = asyncio.get_running_loop().time() + seconds if active else float("inf")
        left = None if active else seconds
        self._running[id] = msgspec.structs.replace(timer, due=due, left=left)
        self._changed.set()

    def finish(self, id: str) -> bool:  # noqa: A002
        """Let a timer ring now; say whether there is one."""
        self.change(id, 0.0, active=True)
        return id in self._running

    def cancel(self, id: str | None = None) -> None:  # noqa: A002  the protocol's own word
        """Cancel one timer, or all of them."""
        for timer in [t for t in self._running.values() if id is None or t.id == id]:
            del self._running[timer.id]
            self._tell(timer, "cancelled")
        self._changed.set()

    def dismiss(self) -> bool:
        """Stop the ringing, if there is any; say whether there was."""
        self._dismissed.set()
        return self.ringing

    async def run(self) -> None:
        """Ring each timer when it is due, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            soonest = min(self._running.values(), key=lambda timer: timer.due, default=None)
            if soonest is not None and soonest.due <= loop.time():
                del self._running[soonest.id]
                await self._ring_out(soonest)
                continue
            try:
                due = soonest.due if soonest and soonest.left is None else None
                async with asyncio.timeout_at(due):
                    await self._changed.wait()
            except TimeoutError:
                continue  # the soonest is due

    async def _ring_out(self, timer: Timer) -> None:
        self._ringing = timer
        self._dismissed.clear()
        self._tell(timer, "finished")
        try:
            async with asyncio.TaskGroup() as tasks:
                bell = tasks.create_task(self._ring_on(), name="bell")
                try:
                    async with asyncio.timeout(self._longest):
                        await self._dismissed.wait()
                except TimeoutError:
                    pass  # nobody came: it has rung as long as it may
                bell.cancel()
        finally:
            self._ringing = None
        self._tell(timer, "dismissed")

    async def _ring_on(self) -> None:
        while True:
            await self._ring()
            await asyncio.sleep(PAUSE)

    def _tell(self, timer: Timer, state: Any) -> None:
        self._publish(events.Timer(id=timer.id, state=state, total=timer.total, name=timer.name))
