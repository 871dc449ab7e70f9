"""What is kept of timers and alarms, and what clocks that are set or stopped mean for them. Pure.

A timer counts the time that passes, also while the machine sleeps, whatever the wall's clock shows.
While the machine is off nothing else counts on, so that a timer from before goes by the wall's
clock over that gap, and follows its corrections in the first minutes: many small machines begin
with the time at which they were switched off, until the network tells them better.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

import msgspec

from satellite.timers.alarm import Alarm
from satellite.timers.wall_clock import Moment

LATEST = 3600.0
"""Seconds after which what is late is not rung any more: nobody knows then what it was for."""

STEP = 1.0
"""Seconds by which clocks part until one is held to have been set; one that is only being adjusted
parts by that in half an hour, to the same effect."""

BACK = 60.0
"""Seconds by which the wall's clock is put back at least until alarms ring anew at what is then
their time again; a correction of less must not ring one twice."""

SETTLES = 900.0
"""Seconds after a start of the machine in which corrections of its clock are believed."""


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A timer that is kept."""

    id: str
    total: float
    """Seconds that it was set for."""
    due: float
    """When it rings, `Moment.boot`; of no meaning while it is halted."""
    name: str | None = None
    left: float | None = None
    """Seconds left of one that was halted, which is never due."""
    settles: float = 0.0
    """Until then (`Moment.boot`) it follows the wall's clock when that is set."""
    owed: float = 0.0
    """Seconds by which that clock was behind what it had shown before: the first of a correction
    are no time that has passed."""

    def remaining(self, now: Moment) -> float:
        """Seconds left."""
        return max(0.0, self.due - now.boot) if self.left is None else self.left


class DueTimers(msgspec.Struct, frozen=True):
    """What is to ring."""

    entry: Timer | Alarm
    late: float
    """Seconds since it should have rung."""
    at: float = 0.0
    """When an alarm should have rung, Unix seconds."""

    @property
    def what(self) -> str:
        """What to call it in the log."""
        kind = "timer" if isinstance(self.entry, Timer) else "alarm"
        return f"{kind} {self.entry.name or self.entry.id}"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept."""

    moment: Moment = Moment(0.0, 0.0)
    """When the clocks were last compared."""
    timers: tuple[Timer, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    def stepped(self, now: Moment) -> bool:
        """Whether a clock was set, or the machine started anew, since the clocks were compared."""
        return not now.follows(self.moment) or abs(now.offset - self.moment.offset) > STEP

    def brought(self, now: Moment) -> Schedule:
        """The book as it is right at this moment's clocks."""
        step = now.offset - self.moment.offset
        timers, alarms = self.timers, self.alarms
        if not now.follows(self.moment):
            timers = tuple(_carried(timer, self.moment, now) for timer in timers)
        elif abs(step) > STEP:
            timers = tuple(_corrected(timer, step, now) for timer in timers)
        if step < -BACK:
            alarms = tuple(
                msgspec.structs.replace(alarm, last=min(alarm.last, now.wall)) for alarm in alarms
            )
        return Schedule(moment=now, timers=timers, alarms=alarms)

    def due(self, now: Moment, zone: tzinfo | None = None) -> Iterator[DueTimers]:
        """What should ring or have rung, however late."""
        for timer in self.timers:
            if timer.left is None and timer.due <= now.boot:
                yield DueTimers(timer, now.boot - timer.due)
        for alarm in self.alarms:
            at = next_ring(alarm, now, zone)
            if at is not None and at <= now.wall:
                yield DueTimers(alarm, now.wall - at, at)

    def wait(self, now: Moment, zone: tzinfo | None = None) -> float | None:
        """Seconds until the next one is due by the clocks of now; None where there is none."""
        waits = [timer.due - now.boot for timer in self.timers if timer.left is None]
        rings = (next_ring(alarm, now, zone) for alarm in self.alarms)
        waits += [at - now.wall for at in rings if at is not None]
        return max(0.0, min(waits)) if waits else None


def next_ring(alarm: Alarm, now: Moment, zone: tzinfo | None = None) -> float | None:
    """When an alarm rings, or should have rung, Unix seconds.

    Of the rings of a repeated one that are further back than `LATEST` there is no talk.
    """
    if alarm.days:
        return alarm.following(max(alarm.last, now.wall - LATEST), zone)
    return alarm.following(alarm.last, zone)


def _carried(timer: Timer, then: Moment, now: Moment) -> Timer:
    """A timer from before the machine was started."""
    passed = now.wall - then.wall
    left = timer.due - then.boot - max(0.0, passed)
    return msgspec.structs.replace(
        timer, due=now.boot + left, settles=now.boot + SETTLES, owed=max(0.0, -passed)
    )


def _corrected(timer: Timer, step: float, now: Moment) -> Timer:
    if now.boot >= timer.settles:
        return timer
    forward = max(0.0, step)
    passed = step if step < 0 else max(0.0, forward - timer.owed)
    return msgspec.structs.replace(
        timer, due=timer.due - passed, owed=max(0.0, timer.owed - forward)
    )
