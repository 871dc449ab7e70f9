"""Alarms: times of day, on a date or on days of the week, by the local clock and its rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

import msgspec

_WEEK = 7


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One that is set."""

    id: str
    hour: int
    minute: int
    on: str | None = None
    """The day on which it rings, ISO 8601; None for one that has `days`."""
    days: tuple[int, ...] = ()
    """Days of the week on which it rings again and again; 0 is Monday."""
    name: str | None = None
    last: float = 0.0
    """Unix seconds of its last ring, or of when it was set: it rings after that."""

    @property
    def time(self) -> str:
        """As in 07:00."""
        return f"{self.hour:02}:{self.minute:02}"

    def moment(self, day: date, zone: tzinfo | None = None) -> float:
        """When it would ring on a day, Unix seconds, in a zone or in that of this machine.

        A time that does not exist, as clocks are put forward, is counted from before the gap; of
        one that exists twice the first is meant (both RFC 5545, 3.3.5, and PEP 495's `fold=0`).
        """
        local = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=zone)
        return local.timestamp()

    def following(self, after: float, zone: tzinfo | None = None) -> float | None:
        """When it rings next after a moment, Unix seconds; None where it never will."""
        if self.on is not None:
            moment = self.moment(date.fromisoformat(self.on), zone)
            return moment if moment > after else None
        today = datetime.fromtimestamp(after, zone).date()
        for ahead in range(_WEEK + 2):  # a time that a gap moves may be behind us on its own day
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days and (moment := self.moment(day, zone)) > after:
                return moment
        return None


def on_a_day(alarm: Alarm, after: float, zone: tzinfo | None = None) -> Alarm:
    """The alarm with the date of its first ring after a moment, where it has neither date nor
    days."""
    if alarm.on is not None or alarm.days:
        return alarm
    daily = msgspec.structs.replace(alarm, days=tuple(range(_WEEK)))
    moment = daily.following(after, zone)
    assert moment is not None
    day = datetime.fromtimestamp(moment, zone).date()
    if alarm.moment(day, zone) != moment:  # a gap at midnight has moved it to the next day
        day -= timedelta(days=1)
    return msgspec.structs.replace(alarm, on=day.isoformat())
