"""Times of alarms, with their days: read from the slots of a sentence, and put into words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from satellite.text.fill import fill
from satellite.text.whole_number import whole_number
from servers.intents.phrases import Phrases, Words

_DAY = timedelta(days=1)
_EVERY_DAY, _WORK_DAYS, _WEEKEND = tuple(range(7)), tuple(range(5)), (5, 6)


class AlarmTime(msgspec.Struct, frozen=True):
    """A time of day with a date or weekdays."""

    time: time
    date: date | None = None
    """None for a repeated alarm."""
    days: tuple[int, ...] = ()
    """Weekdays of a repeated alarm; 0 is Monday."""


def has_time(slots: Mapping[str, Any]) -> bool:
    """Return whether the slots hold a time of day."""
    return "hour" in slots or "exact" in slots


def candidates(slots: Mapping[str, Any]) -> tuple[time, ...]:
    """Return the possible times of the slots: two if the half of the day is not named."""
    if "exact" in slots:
        return (time(int(slots["exact"])),)
    past = -int(slots["to"]) if "to" in slots else int(slots.get("past", slots.get("minute", 0)))
    spoken = int(slots["hour"])
    hour = (spoken - (past < 0)) % 24
    minute = past % 60
    half = slots.get("half") or str(slots.get("when", "")).partition(" ")[2]
    if half:
        return (time(hour % 12 + (12 if half == "pm" else 0), minute),)
    if spoken > 12 or not spoken:  # "quarter to one" is 0:45 or 12:45
        return (time(hour, minute),)
    return time(hour % 12, minute), time(hour % 12 + 12, minute)


def resolve(slots: Mapping[str, Any], now: datetime) -> AlarmTime | None:
    """Return the time of the slots with its day; None for a time that is over.

    If the half of the day is not named, a time for waking up or on another day is before noon; any
    other is the next time at which a clock shows it.
    """
    times = candidates(slots)
    when = str(slots.get("when", "")).partition(" ")[0]
    morning = times[1] if times[0].hour == 0 and len(times) > 1 else times[0]
    if days := str(slots.get("days", "")):
        return AlarmTime(morning, days=tuple(int(day) for day in days))
    if when == "tomorrow":
        return AlarmTime(morning, now.date() + _DAY)
    if (ahead := _days_ahead(when, now.weekday())) is not None:
        return AlarmTime(morning, now.date() + ahead * _DAY)
    if (day := whole_number(when)) is not None:
        ahead = (day - now.weekday()) % 7
        again = not ahead and morning <= now.time()
        return AlarmTime(morning, now.date() + (7 if again else ahead) * _DAY)
    if "waking" in slots and when != "today":
        times = (morning,)
    later = [moment for moment in times if moment > now.time()]
    if later:
        return AlarmTime(later[0], now.date())
    return None if when == "today" else AlarmTime(times[0], now.date() + _DAY)


def date_of(slots: Mapping[str, Any], now: datetime) -> date | None:
    """Return the day of the slot `when`, the next one of a weekday, today included; or None."""
    when = str(slots.get("when", "")).partition(" ")[0]
    if (day := whole_number(when)) is not None:
        return now.date() + (day - now.weekday()) % 7 * _DAY
    ahead = {"today": 0, "tomorrow": 1}.get(when, _days_ahead(when, now.weekday()))
    return None if ahead is None else now.date() + ahead * _DAY


def _days_ahead(when: str, today: int) -> int | None:
    """Return the days until "+2", two days from now, or "next-4", Friday of the next week.

    Weeks begin on Monday. None for another code.
    """
    name, _, weekday = when.partition("-")
    if name == "next" and (day := whole_number(weekday)) is not None:
        return 7 - today + day
    return whole_number(when[1:]) if when.startswith("+") else None


def time_in_words(moment: time, phrases: Phrases) -> str:
    """Return a time of day as spoken: "7:30 AM"."""
    words = phrases.words
    form = words.time if moment.minute else words.full_hour
    return fill(
        phrases.form(form, spoken_hour(moment, phrases)),
        hour=moment.hour,
        hour12=moment.hour % 12 or 12,
        hour0=moment.hour % 12,
        hour012=moment.hour if moment.hour <= 12 else moment.hour - 12,
        minute=moment.minute,
        part=words.part_of_day(moment.hour),
    )


def spoken_hour(moment: time, phrases: Phrases) -> int:
    """Return the hour that is said for a time of day, of 12 or of 24."""
    words = phrases.words
    form = phrases.form(words.time if moment.minute else words.full_hour, None)
    return moment.hour % 12 or 12 if "{hour12" in form else moment.hour


def in_words(alarm: AlarmTime, now: datetime, phrases: Phrases) -> str:
    """Return a time with its day as spoken: "7 AM tomorrow"."""
    time, day = time_in_words(alarm.time, phrases), _day(alarm, now, phrases.words)
    return fill(phrases.words.alarm, time=time, day=day)


def _day(alarm: AlarmTime, now: datetime, words: Words) -> str:
    whole = {_EVERY_DAY: words.daily, _WORK_DAYS: words.work_days, _WEEKEND: words.weekends}
    if alarm.days in whole:
        return whole[alarm.days]
    if alarm.days:
        return words.listing.join([words.weekday(words.every, day) for day in alarm.days])
    assert alarm.date is not None
    ahead = (alarm.date - now.date()).days
    if ahead in (0, 1):
        return words.tomorrow if ahead else words.today
    form = (
        words.next_weekday if words.next_weekday and ahead >= len(_EVERY_DAY) else words.on_weekday
    )
    return words.weekday(form, alarm.date.weekday())
