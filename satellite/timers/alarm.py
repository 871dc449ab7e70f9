"""Alarms: times of day, on a date or on days of the week, by the local clock and its rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated

import msgspec

from satellite.timers.wall_clock import WallSeconds

_WEEK = 7

FIRST, LAST = date(1969, 12, 31), date(2899, 12, 31)
"""The days of alarms, which every platform's local time has: the first is that of a clock which was
never set, west of Greenwich."""

WALL_TIMES = (0.0, 2.9e10)
"""The first and the last Unix seconds for which `with_date` finds such a day."""

Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]
"""0 is Monday."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that is set."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    minute: Annotated[int, msgspec.Meta(ge=0, le=59)]
    on: str | None = None
    """The date on which it rings, ISO 8601; None for an alarm with `days`."""
    days: Annotated[tuple[Weekday, ...], msgspec.Meta(max_length=7)] = ()
    """Days of the week on which it rings every week; 0 is Monday."""
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    """The text of a reminder, spoken when it rings."""
    language: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The language of the text; None for that of the satellite."""
    last: WallSeconds = 0.0
    """Unix seconds of its last ring, or of when it was set: it rings next after this time."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a date that is none, or not of this age."""
        if self.on is not None and not FIRST <= date.fromisoformat(self.on) <= LAST:
            raise ValueError(f"an alarm's date is {self.on}")

    @property
    def time(self) -> str:
        """The time of day, such as 07:00."""
        return f"{self.hour:02}:{self.minute:02}"

    def time_on(self, day: date, zone: tzinfo | None = None) -> float:
        """Return the Unix seconds of its time on a day, in `zone` or else in this machine's zone.

        A time skipped when clocks are put forward is counted with the offset before the gap; of a
        time that occurs twice, the first is used (RFC 5545, 3.3.5; PEP 495, `fold=0`).
        """
        local = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=zone)
        return local.timestamp()

    def next_time(self, after: float, zone: tzinfo | None = None) -> float | None:
        """Return the Unix seconds of its first ring after `after`; None if it never rings again."""
        if self.on is not None:
            moment = self.time_on(date.fromisoformat(self.on), zone)
            return moment if moment > after else None
        today = datetime.fromtimestamp(after, zone).date()
        for ahead in range(_WEEK + 2):  # a time moved by a gap may be over on its own day
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days and (moment := self.time_on(day, zone)) > after:
                return moment
        return None


def with_date(alarm: Alarm, after: float, zone: tzinfo | None = None) -> Alarm:
    """Return an alarm that has neither date nor days with the date of its first ring after `after`;
    any other unchanged. A time beyond `WALL_TIMES`, as a damaged file may have, is replaced by the
    nearest one."""
    if alarm.on is not None or alarm.days:
        return alarm
    after = min(max(after, WALL_TIMES[0]), WALL_TIMES[1])
    daily = msgspec.structs.replace(alarm, days=tuple(range(_WEEK)))
    moment = daily.next_time(after, zone)
    assert moment is not None
    day = datetime.fromtimestamp(moment, zone).date()
    if alarm.time_on(day, zone) != moment:  # a gap at midnight has moved the time to the next day
        day -= timedelta(days=1)
    return msgspec.structs.replace(alarm, on=day.isoformat())
