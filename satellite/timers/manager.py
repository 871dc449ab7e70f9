"""Timers and alarms of one satellite: stored and rung by it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, tzinfo

import msgspec

from satellite import events
from satellite.lib.persistence import StoredValue
from satellite.lib.platform.clocks import reread_time_zone
from satellite.lib.worker import Worker
from satellite.timers.alarm import Alarm, with_date
from satellite.timers.bell import Bell
from satellite.timers.ringing import Ring, RingWords
from satellite.timers.schedule import (
    LATEST,
    LONGEST,
    MOST,
    SETTLES,
    DueEntry,
    Schedule,
    Timer,
    next_ring,
)
from satellite.timers.wall_clock import ClockReading, read_clocks
from satellite.values import AlarmState, TimerState

_LOGGER = logging.getLogger(__name__)

CHECK_INTERVAL = 1.0
"""Seconds between two checks of the clocks while an entry is set: a clock that was set, or a
machine that was suspended, is noticed within this time."""

FURTHEST = 400.0 * 86400
"""Seconds from now within which an alarm's date must lie: a year and a month."""


_ID = 64
"""Characters of an identifier; see `satellite.timers.schedule.Id`."""


_TOO_LONG = "a timer is longer than a year, or not a number of seconds"


def _name(name: str | None) -> str | None:
    """Return the name of a timer or an alarm, no longer than it can be stored."""
    return name[:100] if name is not None else None


def timer_event(entry: Timer | Alarm, change: events.TimerChange) -> events.Event:
    """Return the event that announces a change of a timer or an alarm."""
    if isinstance(entry, Timer):
        return events.Timer(id=entry.id, state=change, total=entry.total, name=entry.name)
    return events.Alarm(
        id=entry.id, state=change, at=entry.time, date=entry.on, days=entry.days, name=entry.name
    )


class TimerManager:
    """Owns the timers and alarms that are set and those that ring.

    `ring` plays the ringing sound once; it is called repeatedly, and cancelled when the ringing is
    dismissed or `longest` seconds are over. Entries that ring together are dismissed together.
    `words` are for what rings late, in a language; None is the satellite's. `store` preserves the
    schedule over restarts, if there is one.
    """

    def __init__(
        self,
        publish: Callable[[events.Event], None],
        ring: Callable[[Ring], Awaitable[None]],
        longest: float,
        words: Callable[[str | None], RingWords],
        store: StoredValue[Schedule] | None = None,
        clock: Callable[[], ClockReading] = read_clocks,
        zone: tzinfo | None = None,
        carry_out: Callable[[Timer], None] | None = None,
    ) -> None:
        """`zone` is the time zone of alarms; None stands for that of this machine. `carry_out`
        takes timers with a command when they are due; without it, they ring."""
        self._publish = publish
        self._carry_out = carry_out
        self._store = store
        self._clock = clock
        self._zone = zone
        moment = clock()
        schedule = store.read() if store is not None else Schedule(moment=moment)
        self._schedule = schedule.without_dead_alarms().adjusted(moment, zone)
        self._bell = Bell(ring, longest, clock, zone, words)
        self._doubtful_until = float("-inf")
        """Until this time (`ClockReading.boot`) the wall clock was set forward too recently for an
        alarm to count as missed: clocks that are set wrongly are soon set again."""
        self._doubtful = False
        """Whether an alarm waits for that."""
        self._changed = asyncio.Event()
        self._unsaved = asyncio.Event()

    @property
    def ringing(self) -> bool:
        """Whether anything rings now."""
        return bool(self._bell.ringing)

    def states(self) -> tuple[TimerState, ...]:
        """Return the timers that do not ring yet, soonest first."""
        moment = self._clock()
        return tuple(
            TimerState(
                id=timer.id,
                total=timer.total,
                remaining=timer.remaining(moment),
                name=timer.name,
                paused=timer.left is not None,
                text=timer.text,
            )
            for timer in sorted(self._running(), key=lambda timer: timer.remaining(moment))
        )

    def alarms(self) -> tuple[AlarmState, ...]:
        """Return the alarms that do not ring, soonest first."""
        moment = self._clock()
        found: list[tuple[float, AlarmState]] = []
        for alarm in self._schedule.alarms:
            at = next_ring(alarm, moment, self._zone)
            if at is not None and alarm.id not in self._bell.ringing:
                local = datetime.fromtimestamp(at, self._zone).astimezone(self._zone)
                state = AlarmState(
                    id=alarm.id,
                    at=local.isoformat(),
                    name=alarm.name,
                    days=alarm.days,
                    text=alarm.text,
                )
                found.append((at, state))
        return tuple(state for _, state in sorted(found, key=lambda pair: pair[0]))

    def start(
        self,
        seconds: float,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  the word of the protocol
        text: str | None = None,
        command: str | None = None,
        language: str | None = None,
    ) -> None:
        """Start a timer, which says `text` when it rings.

        With a `command`, that is carried out in place of ringing. `language` is that of either.

        Refuses it with an error event if `MOST` timers run already, or it is longer than
        `LONGEST`. A longer name is cut.
        """
        if len(self._schedule.timers) >= MOST:
            self._refuse(f"{MOST} timers are running already")
            return
        timer_id = id or uuid.uuid4().hex[:8]
        if not abs(seconds) <= LONGEST or len(timer_id) > _ID:
            self._refuse(_TOO_LONG)
            return
        due, total = self._clock().boot + seconds, max(0.0, seconds)
        timer = Timer(id=timer_id, total=total, due=due, name=_name(name), text=text)
        self._put(msgspec.structs.replace(timer, command=command, language=language))
        self._publish(timer_event(self._schedule.timers[-1], "started"))

    def change(self, id: str, seconds: float, active: bool) -> None:  # noqa: A002
        """Set the remaining seconds of a timer; pause it unless `active`."""
        if (timer := self._timer(id)) is not None:
            if not abs(seconds) <= LONGEST:
                self._refuse(_TOO_LONG)
                return
            due = self._clock().boot + seconds
            left = None if active else max(0.0, seconds)
            self._put(msgspec.structs.replace(timer, due=due, left=left, settles=0.0))

    def add(self, id: str, seconds: float) -> None:  # noqa: A002
        """Add seconds to a timer, or subtract them if negative; at zero the timer rings."""
        if (timer := self._timer(id)) is not None:
            left = max(0.0, timer.remaining(self._clock()) + seconds)
            self.change(id, left, active=timer.left is None)
            self._publish(timer_event(timer, "changed"))

    def pause(self, id: str, paused: bool = True) -> None:  # noqa: A002
        """Pause or resume a timer."""
        if (timer := self._timer(id)) is not None and (timer.left is not None) != paused:
            self.change(id, timer.remaining(self._clock()), active=not paused)
            self._publish(timer_event(timer, "paused" if paused else "changed"))

    def finish(self, id: str) -> bool:  # noqa: A002
        """Ring a timer now; return whether it exists."""
        self.change(id, 0.0, active=True)
        return self._timer(id) is not None

    def cancel(self, id: str | None = None) -> None:  # noqa: A002  the word of the protocol
        """Cancel one timer, or all that do not ring; `dismiss` ends those that ring."""
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
        text: str | None = None,
        language: str | None = None,
    ) -> None:
        """Set an alarm on a day, on days of the week (0 is Monday), or at the next such time.

        It says `text`, in the language, when it rings.

        An alarm that would not ring within a year is refused with an error event, and so is any
        beyond `MOST`.
        """
        wall = self._clock().wall
        alarm = Alarm(
            id=uuid.uuid4().hex[:8],
            hour=hour,
            minute=minute,
            on=None if days or day is None else day.isoformat(),
            days=tuple(sorted(set(days))),
            name=_name(name),
            text=text,
            language=language,
            last=wall,
        )
        alarm = with_date(alarm, wall, self._zone)
        at = alarm.next_time(wall, self._zone)
        if len(self._schedule.alarms) >= MOST:
            self._refuse(f"{MOST} alarms are set already")
        elif at is None or at > wall + FURTHEST:
            self._refuse(f"an alarm on {alarm.on} at {alarm.time} would not ring within a year")
        else:
            self._replace(
                msgspec.structs.replace(self._schedule, alarms=(*self._schedule.alarms, alarm))
            )
            self._publish(timer_event(alarm, "started"))

    def cancel_alarm(self, id: str | None = None) -> None:  # noqa: A002
        """Cancel one alarm, or all that do not ring; `dismiss` ends those that ring."""
        for alarm in [a for a in self._schedule.alarms if id in (None, a.id)]:
            if alarm.id not in self._bell.ringing:
                self._remove(alarm.id)
                self._publish(timer_event(alarm, "cancelled"))

    def snooze(self, seconds: float) -> None:
        """Stop the ringing, and ring again after `seconds`, under the same name and text."""
        rang = [due.entry for due in self._bell.ringing.values()]
        if self.dismiss():
            name = next((entry.name for entry in rang if entry.name), None)
            text = " ".join(entry.text for entry in rang if entry.text)
            language = next((entry.language for entry in rang if entry.text), None)
            self.start(seconds, name, text=text or None, language=language)

    def dismiss(self) -> bool:
        """Stop the ringing; return whether anything rang."""
        rang = self._bell.silence()
        for due in rang:
            self._complete(due)
            self._publish(timer_event(due.entry, "dismissed"))
        return bool(rang)

    def check_now(self) -> None:
        """Check the clocks now instead of within a second."""
        self._changed.set()

    async def run(self) -> None:
        """Ring entries when they are due, and save changes, until cancelled."""
        writer = Worker("timers")
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._store is not None:
                    tasks.create_task(
                        self._save_changes(self._store, writer), name="timers: saving"
                    )
                while True:
                    self._changed.clear()
                    self._check_clocks(self._clock(), tasks)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._until_check()):
                            await self._changed.wait()
        finally:
            self._bell.silence()  # what rang is still scheduled, and rings again after a restart
            await writer.close()
            if self._store is not None and self._unsaved.is_set():
                self._store.write(self._schedule)

    def _check_clocks(self, moment: ClockReading, tasks: asyncio.TaskGroup) -> None:
        if self._schedule.clock_was_set(moment):
            reread_time_zone()  # the time zone may have been changed with the clock
            before = self._schedule.moment
            if moment.follows(before) and moment.offset - before.offset >= LATEST:
                self._doubtful_until = moment.boot + SETTLES
            self._replace(self._schedule.adjusted(moment, self._zone))
        self._doubtful = False
        if self.ringing and not self._bell.remaining(moment):
            self.dismiss()  # not dismissed by anyone: it has rung for as long as it may
        for due in tuple(self._schedule.due(moment, self._zone)):
            missed = due.late >= LATEST
            if missed and isinstance(due.entry, Alarm) and moment.boot < self._doubtful_until:
                self._doubtful = True
            elif missed:
                _LOGGER.warning(
                    "%s was due %.0f minutes ago and does not ring", due.label, due.late / 60
                )
                self._remove(due.entry.id)
                self._publish(timer_event(due.entry, "missed"))
            elif isinstance(due.entry, Timer) and due.entry.command and self._carry_out:
                self._complete(due)
                self._publish(timer_event(due.entry, "finished"))
                self._publish(timer_event(due.entry, "dismissed"))
                self._carry_out(due.entry)
            elif due.entry.id not in self._bell.ringing:
                self._bell.add(due, tasks)
                self._publish(timer_event(due.entry, "finished"))

    def _until_check(self) -> float | None:
        moment = self._clock()
        if self.ringing:
            return min(CHECK_INTERVAL, self._bell.remaining(moment))
        if self._doubtful:
            return CHECK_INTERVAL
        wait = self._schedule.wait(moment, self._zone)
        return None if wait is None else min(CHECK_INTERVAL, wait)

    async def _save_changes(self, store: StoredValue[Schedule], writer: Worker) -> None:
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            await writer.call(store.write, self._schedule)

    def _running(self) -> list[Timer]:
        return [timer for timer in self._schedule.timers if timer.id not in self._bell.ringing]

    def _timer(self, id_: str) -> Timer | None:
        return next((timer for timer in self._running() if timer.id == id_), None)

    def _put(self, timer: Timer) -> None:
        others = tuple(other for other in self._schedule.timers if other.id != timer.id)
        self._replace(msgspec.structs.replace(self._schedule, timers=(*others, timer)))

    def _remove(self, id_: str) -> None:
        timers = tuple(timer for timer in self._schedule.timers if timer.id != id_)
        alarms = tuple(alarm for alarm in self._schedule.alarms if alarm.id != id_)
        self._replace(msgspec.structs.replace(self._schedule, timers=timers, alarms=alarms))

    def _complete(self, due: DueEntry) -> None:
        if not isinstance(due.entry, Alarm) or not due.entry.days:
            self._remove(due.entry.id)
            return
        alarms = tuple(
            msgspec.structs.replace(alarm, last=due.at) if alarm.id == due.entry.id else alarm
            for alarm in self._schedule.alarms
        )
        self._replace(msgspec.structs.replace(self._schedule, alarms=alarms))

    def _replace(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._changed.set()
        self._unsaved.set()

    def _refuse(self, text: str) -> None:
        self._publish(events.Error(where="timers", text=text))
