"""The stored timers and alarms, and their adjustment to clocks that were set or stopped. Pure.

A timer counts elapsed time, suspension included, whatever the wall clock shows. While the machine
is off only the wall clock may run on. A timer set before a restart therefore uses the wall clock
for that gap, and follows its corrections in the first minutes: many small machines start with the
time at which they were switched off, until the network corrects it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from typing import Annotated

import msgspec

from satellite.lib.platform.clocks import BEGINNING
from satellite.timers.alarm import Alarm, with_date
from satellite.timers.wall_clock import BootSeconds, ClockReading

LATEST = 3600.0
"""Seconds of lateness from which an entry does not ring any more: its purpose is forgotten then."""

STEP = 1.0
"""Seconds by which the clocks must diverge for one of them to count as set. A clock that is merely
slewed diverges by that in half an hour, to the same effect."""

BACK = 900.0
"""Seconds by which the wall clock must be set back for an alarm to ring again when its time
returns; a smaller correction must not ring an alarm twice, as it came early by no more."""

SETTLES = 900.0
"""Seconds after a start of the machine in which timers follow corrections of its clock."""


MOST = 64
"""Timers at once, and alarms: more than a kitchen needs, few enough to be distinguished."""

LONGEST = 366.0 * 86400
"""Seconds of the longest timer: a year."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""Home Assistant's have 26 characters."""
Name = Annotated[str, msgspec.Meta(max_length=100)]
"""Of a timer or an alarm. Longer ones are cut where they come from."""
Words = Annotated[str, msgspec.Meta(max_length=2000)]
"""The text of a reminder: two minutes of speech."""
Duration = Annotated[float, msgspec.Meta(ge=0, le=LONGEST)]
"""Seconds."""


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A timer that is set."""

    id: Id
    total: Duration
    """Duration in seconds."""
    due: BootSeconds
    """When it rings, `ClockReading.boot`; without meaning while the timer is paused."""
    name: Name | None = None
    text: Words | None = None
    """The text of a reminder, spoken when it rings."""
    command: Words | None = None
    """A request that is carried out in place of ringing."""
    language: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The language of the text or the command; None for that of the satellite."""
    left: Duration | None = None
    """Seconds left of a paused timer, which is never due; None while it runs."""
    settles: BootSeconds = 0.0
    """Until this time (`ClockReading.boot`) the timer follows the wall clock when that is set."""
    owed: BootSeconds = 0.0
    """Seconds by which the wall clock was behind its last known time after a restart: that much of
    a later correction is not elapsed time."""

    def remaining(self, now: ClockReading) -> float:
        """Return the seconds left."""
        return max(0.0, self.due - now.boot) if self.left is None else self.left


class DueEntry(msgspec.Struct, frozen=True):
    """A timer or an alarm that is due."""

    entry: Timer | Alarm
    late: float
    """Seconds since it should have rung."""
    at: float = 0.0
    """When an alarm should have rung, Unix seconds."""

    @property
    def label(self) -> str:
        """Its name in the log."""
        kind = "timer" if isinstance(self.entry, Timer) else "alarm"
        return f"{kind} {self.entry.name or self.entry.id}"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """All timers and alarms of a satellite."""

    moment: ClockReading = ClockReading(0.0, 0.0)
    """When the clocks were last compared."""
    timers: Annotated[tuple[Timer, ...], msgspec.Meta(max_length=MOST)] = ()
    alarms: Annotated[tuple[Alarm, ...], msgspec.Meta(max_length=MOST)] = ()

    def without_dead_alarms(self) -> Schedule:
        """Return the schedule without alarms of no day, as a damaged file may hold."""
        alarms = tuple(alarm for alarm in self.alarms if alarm.on is not None or alarm.days)
        return msgspec.structs.replace(self, alarms=alarms)

    def clock_was_set(self, now: ClockReading) -> bool:
        """Return whether a clock was set, or the machine restarted, since `moment`."""
        return not now.follows(self.moment) or abs(now.offset - self.moment.offset) > STEP

    def adjusted(self, now: ClockReading, zone: tzinfo | None = None) -> Schedule:
        """Return the schedule adjusted to the clocks of `now`."""
        step = now.offset - self.moment.offset
        timers, alarms = self.timers, self.alarms
        if not now.follows(self.moment):
            timers = tuple(_over_restart(timer, self.moment, now) for timer in timers)
            if self.moment.wall < BEGINNING:
                alarms = tuple(_carried_on(alarm, self.moment.wall, now, zone) for alarm in alarms)
        elif abs(step) > STEP:
            timers = tuple(_corrected(timer, step, now) for timer in timers)
            alarms = tuple(_carried_on(alarm, now.wall - step, now, zone) for alarm in alarms)
        if step < -BACK:
            alarms = tuple(
                msgspec.structs.replace(alarm, last=min(alarm.last, now.wall)) for alarm in alarms
            )
        return Schedule(moment=now, timers=timers, alarms=alarms)

    def due(self, now: ClockReading, zone: tzinfo | None = None) -> Iterator[DueEntry]:
        """Yield the entries that are due, however late."""
        for timer in self.timers:
            if timer.left is None and timer.due <= now.boot:
                yield DueEntry(timer, now.boot - timer.due)
        for alarm in self.alarms:
            at = next_ring(alarm, now, zone)
            if at is not None and at <= now.wall:
                yield DueEntry(alarm, now.wall - at, at)

    def wait(self, now: ClockReading, zone: tzinfo | None = None) -> float | None:
        """Return the seconds until the next entry is due; None without entries."""
        waits = [timer.due - now.boot for timer in self.timers if timer.left is None]
        rings = (next_ring(alarm, now, zone) for alarm in self.alarms)
        waits += [at - now.wall for at in rings if at is not None]
        return max(0.0, min(waits)) if waits else None


def next_ring(alarm: Alarm, now: ClockReading, zone: tzinfo | None = None) -> float | None:
    """Return the Unix seconds of an alarm's next ring, or of a missed one; None if there is none.

    Missed rings of a repeated alarm that are more than `LATEST` ago are skipped.
    """
    if alarm.days:
        return alarm.next_time(max(alarm.last, now.wall - LATEST), zone)
    return alarm.next_time(alarm.last, zone)


def _carried_on(alarm: Alarm, before: float, now: ClockReading, zone: tzinfo | None) -> Alarm:
    """Return an alarm for the next such time with its date by a clock that was set at `before`.

    It gets another one if the clock was set to beyond its time, or was ahead when it was set.
    """
    undated = msgspec.structs.replace(alarm, on=None)
    if alarm.on is None or alarm != with_date(undated, alarm.last, zone):
        return alarm  # rings every week, or on a day that was named
    at = alarm.time_on(date.fromisoformat(alarm.on), zone)
    passed_over = before < at <= now.wall - LATEST
    if not passed_over and alarm.last <= now.wall + BACK:
        return alarm
    return with_date(msgspec.structs.replace(undated, last=now.wall), now.wall, zone)


def _over_restart(timer: Timer, then: ClockReading, now: ClockReading) -> Timer:
    """Return a timer of before the restart, reduced by the time that the wall clock counted."""
    passed = now.wall - then.wall
    left = max(-LONGEST, min(LONGEST, timer.due - then.boot - max(0.0, passed)))
    return msgspec.structs.replace(
        timer, due=now.boot + left, settles=now.boot + SETTLES, owed=max(0.0, -passed)
    )


def _corrected(timer: Timer, step: float, now: ClockReading) -> Timer:
    if now.boot >= timer.settles:
        return timer
    forward = max(0.0, step)
    passed = step if step < 0 else max(0.0, forward - timer.owed)
    return msgspec.structs.replace(
        timer, due=timer.due - passed, owed=max(0.0, timer.owed - forward)
    )
