"""Timers and alarms: kept by the satellite, rung by the satellite."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, tzinfo
from typing import Literal

import msgspec

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.lib.worker import Worker
from satellite.timers.alarm import Alarm, on_a_day
from satellite.timers.bell import Bell
from satellite.timers.ringing import Ring
from satellite.timers.schedule import LATEST, DueTimers, Schedule, Timer, next_ring
from satellite.timers.wall_clock import Moment, now
from satellite.values import AlarmState, TimerState

_LOGGER = logging.getLogger(__name__)

MOST = 64
"""Timers kept at once, and alarms: more than a kitchen needs, few enough to be told apart."""

LOOK = 1.0
"""Seconds between two looks at the clocks while there is anything to wait for: a clock that was
set, or a machine that has slept, is noticed that soon."""

AHEAD = 400.0 * 86400
"""Seconds within which an alarm's date lies: a year, and some days."""


State = Literal["started", "changed", "paused", "cancelled", "finished", "dismissed", "missed"]


def timer_event(entry: Timer | Alarm, state: State) -> events.Event:
    """What is told of one whose state is this now."""
    if isinstance(entry, Timer):
        return events.Timer(id=entry.id, state=state, total=entry.total, name=entry.name)
    return events.Alarm(
        id=entry.id, state=state, at=entry.time, date=entry.on, days=entry.days, name=entry.name
    )


class TimerManager:
    """Owns the timers and alarms that are set and those that ring.

    `ring` plays the ringing sound once; it is called again and again, and cancelled when what rings
    is dismissed or `longest` seconds are over. What rings together is dismissed together. `kept` is
    where all is remembered over a restart, if anywhere.
    """

    def __init__(
        self,
        publish: Callable[[events.Event], None],
        ring: Callable[[Ring], Awaitable[None]],
        longest: float,
        kept: StoredValue[Schedule] | None = None,
        clock: Callable[[], Moment] = now,
        zone: tzinfo | None = None,
    ) -> None:
        """`zone` is the alarms' time zone, that of this machine where it is None."""
        self._publish = publish
        self._kept = kept
        self._clock = clock
        self._zone = zone
        moment = clock()
        book = kept.read() if kept is not None else None
        self._book = book.brought(moment) if book is not None else Schedule(moment=moment)
        self._bell = Bell(ring, longest, clock, zone)
        self._changed = asyncio.Event()
        self._unwritten = asyncio.Event()

    @property
    def ringing(self) -> bool:
        """Something rings now."""
        return bool(self._bell.ringing)

    def states(self) -> tuple[TimerState, ...]:
        """The timers that do not ring yet, soonest first."""
        moment = self._clock()
        return tuple(
            TimerState(
                id=timer.id,
                total=timer.total,
                remaining=timer.remaining(moment),
                name=timer.name,
                paused=timer.left is not None,
            )
            for timer in sorted(self._running(), key=lambda timer: timer.remaining(moment))
        )

    def alarms(self) -> tuple[AlarmState, ...]:
        """The alarms that do not ring, soonest first."""
        moment = self._clock()
        found: list[tuple[float, AlarmState]] = []
        for alarm in self._book.alarms:
            at = next_ring(alarm, moment, self._zone)
            if at is not None and alarm.id not in self._bell.ringing:
                local = datetime.fromtimestamp(at, self._zone).astimezone(self._zone)
                state = AlarmState(
                    id=alarm.id, at=local.isoformat(), name=alarm.name, days=alarm.days
                )
                found.append((at, state))
        return tuple(state for _, state in sorted(found, key=lambda pair: pair[0]))

    def start(
        self,
        seconds: float,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  the protocol's own word
    ) -> None:
        """Start a timer; beyond `MOST` of them the new one is refused with an error event."""
        if len(self._book.timers) >= MOST:
            self._refuse(f"{MOST} timers are running already")
            return
        due = self._clock().boot + seconds
        self._put(Timer(id=id or uuid.uuid4().hex[:8], total=seconds, due=due, name=name))
        self._publish(timer_event(self._book.timers[-1], "started"))

    def change(self, id: str, seconds: float, active: bool) -> None:  # noqa: A002
        """Give a timer so many seconds more from now on; one that is not `active` is halted."""
        if (timer := self._timer(id)) is not None:
            due = self._clock().boot + seconds
            left = None if active else seconds
            self._put(msgspec.structs.replace(timer, due=due, left=left, settles=0.0))

    def add(self, id: str, seconds: float) -> None:  # noqa: A002
        """Give a timer more time, or less below 0: one that has none left then rings."""
        if (timer := self._timer(id)) is not None:
            left = max(0.0, timer.remaining(self._clock()) + seconds)
            self.change(id, left, active=timer.left is None)
            self._publish(timer_event(timer, "changed"))

    def pause(self, id: str, paused: bool = True) -> None:  # noqa: A002
        """Halt a timer, or let it go on."""
        if (timer := self._timer(id)) is not None and (timer.left is not None) != paused:
            self.change(id, timer.remaining(self._clock()), active=not paused)
            self._publish(timer_event(timer, "paused" if paused else "changed"))

    def finish(self, id: str) -> bool:  # noqa: A002
        """Let a timer ring now; say whether there is one."""
        self.change(id, 0.0, active=True)
        return self._timer(id) is not None

    def cancel(self, id: str | None = None) -> None:  # noqa: A002  the protocol's own word
        """Cancel one timer, or all of them; those that ring are dismissed instead."""
        for timer in [t for t in self._running() if id in (None, t.id)]:
            self._remove(timer.id)
            self._publish(timer_event(timer, "cancelled"))

    def set_alarm(
        self,
        hour: int,
        minute: int = 0,
        *,
        day: date | None = None,
        days: tuple[int, ...] = (),
        name: str | None = None,
    ) -> None:
        """Set an alarm: on a day, on days of the week (0 is Monday), or when it is that time next.

        One that would never ring, or not within a year, is refused with an error event, as is one
        beyond `MOST` of them.
        """
        wall = self._clock().wall
        alarm = Alarm(
            id=uuid.uuid4().hex[:8],
            hour=hour,
            minute=minute,
            on=None if days or day is None else day.isoformat(),
            days=tuple(sorted(set(days))),
            name=name,
            last=wall,
        )
        alarm = on_a_day(alarm, wall, self._zone)
        at = alarm.following(wall, self._zone)
        if len(self._book.alarms) >= MOST:
            self._refuse(f"{MOST} alarms are set already")
        elif at is None or at > wall + AHEAD:
            self._refuse(f"an alarm on {alarm.on} at {alarm.time} would not ring within a year")
        else:
            self._write(msgspec.structs.replace(self._book, alarms=(*self._book.alarms, alarm)))
            self._publish(timer_event(alarm, "started"))

    def cancel_alarm(self, id: str | None = None) -> None:  # noqa: A002
        """Cancel one alarm, or all of them; those that ring are dismissed instead."""
        for alarm in [a for a in self._book.alarms if id in (None, a.id)]:
            if alarm.id not in self._bell.ringing:
                self._remove(alarm.id)
                self._publish(timer_event(alarm, "cancelled"))

    def snooze(self, seconds: float) -> None:
        """Stop the ringing, and let the same ring again after so many seconds."""
        names = [due.entry.name for due in self._bell.ringing.values()]
        if self.dismiss():
            self.start(seconds, next((name for name in names if name), None))

    def dismiss(self) -> bool:
        """Stop the ringing, if there is any; say whether there was."""
        rang = self._bell.silence()
        for due in rang:
            self._over(due)
            self._publish(timer_event(due.entry, "dismissed"))
        return bool(rang)

    def look(self) -> None:
        """Look at the clocks now, and not in a second."""
        self._changed.set()

    async def run(self) -> None:
        """Ring what is due, and keep what is set, until cancelled."""
        writer = Worker("timers", gives_way=False)
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._kept is not None:
                    tasks.create_task(self._keep(self._kept, writer), name="timers kept")
                while True:
                    self._changed.clear()
                    self._look(self._clock(), tasks)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._patience()):
                            await self._changed.wait()
        finally:
            self._bell.silence()  # it is still in the book, and rings again at the next start
            await writer.close()
            if self._kept is not None and self._unwritten.is_set():
                self._kept.write(self._book)

    def _look(self, moment: Moment, tasks: asyncio.TaskGroup) -> None:
        if self._book.stepped(moment):
            time.tzset()  # whoever sets a clock may have moved to another zone as well
            self._write(self._book.brought(moment))
        if self.ringing and not self._bell.left(moment):
            self.dismiss()  # nobody came: it has rung as long as it may
        for due in tuple(self._book.due(moment, self._zone)):
            if due.late >= LATEST:
                _LOGGER.warning("%s is over since %.0f minutes: not rung", due.what, due.late / 60)
                self._remove(due.entry.id)
                self._publish(timer_event(due.entry, "missed"))
            elif due.entry.id not in self._bell.ringing:
                self._bell.add(due, tasks)
                self._publish(timer_event(due.entry, "finished"))

    def _patience(self) -> float | None:
        moment = self._clock()
        if self.ringing:
            return min(LOOK, self._bell.left(moment))
        wait = self._book.wait(moment, self._zone)
        return None if wait is None else min(LOOK, wait)

    async def _keep(self, kept: StoredValue[Schedule], writer: Worker) -> None:
        while True:
            await self._unwritten.wait()
            self._unwritten.clear()
            await writer.call(kept.write, self._book)

    def _running(self) -> list[Timer]:
        return [timer for timer in self._book.timers if timer.id not in self._bell.ringing]

    def _timer(self, id_: str) -> Timer | None:
        return next((timer for timer in self._running() if timer.id == id_), None)

    def _put(self, timer: Timer) -> None:
        others = tuple(other for other in self._book.timers if other.id != timer.id)
        self._write(msgspec.structs.replace(self._book, timers=(*others, timer)))

    def _remove(self, id_: str) -> None:
        timers = tuple(timer for timer in self._book.timers if timer.id != id_)
        alarms = tuple(alarm for alarm in self._book.alarms if alarm.id != id_)
        self._write(msgspec.structs.replace(self._book, timers=timers, alarms=alarms))

    def _over(self, due: DueTimers) -> None:
        if not isinstance(due.entry, Alarm) or not due.entry.days:
            self._remove(due.entry.id)
            return
        alarms = tuple(
            msgspec.structs.replace(alarm, last=due.at) if alarm.id == due.entry.id else alarm
            for alarm in self._book.alarms
        )
        self._write(msgspec.structs.replace(self._book, alarms=alarms))

    def _write(self, book: Schedule) -> None:
        self._book = book
        self._changed.set()
        self._unwritten.set()

    def _refuse(self, text: str) -> None:
        self._publish(events.Error(where="timers", text=text))
