"""Time and date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from satellite.errors import EngineFailed
from satellite.text.quoted import quoted
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases, Words
from servers.intents.skills.alarm_times import spoken_hour, time_in_words
from servers.intents.skills.skill import Parts, Skill

_DAYS = {
    "day_before_yesterday": -2,
    "yesterday": -1,
    "today": 0,
    "tomorrow": 1,
    "day_after_tomorrow": 2,
}
"""Days from today, by the codes of the list `day`, which are the responses' keys as well."""

_MONTH = "month"
"""Key of the response that names the month alone."""


def report_time(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    now = now_of(request).time()
    spoken, hour = time_in_words(now, phrases), spoken_hour(now, phrases)
    return (phrases.say(match.intent, match.response, time=spoken, count=hour),)


def report_date(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    offset = _DAYS.get(day := match.slots.get("day", "today"), 0)
    date = now_of(request) + timedelta(days=offset)
    key = day if offset else match.response
    return (phrases.say(match.intent, key, **_date(date, phrases.words, key == _MONTH)),)


def count_days(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Answer how many days it is until a holiday, a date or a weekday, the next one of them."""
    today = now_of(request).date()
    try:
        day = _next_day(match.slots, today)
    except ValueError:  # the thirtieth of February
        return (phrases.say(match.intent, "unknown"),)
    left = (day - today).days
    key = {0: "today", 1: "tomorrow"}.get(left, match.response)
    values = _date(day, phrases.words)
    spoken = phrases.say(match.intent, "date", **values)
    weekday = values["weekday"]
    return (phrases.say(match.intent, key, days=left, count=left, date=spoken, weekday=weekday),)


def _date(day: date, words: Words, alone: bool = False) -> dict[str, Any]:
    """Return the values of a date in responses, its month as it follows a day or stands alone."""
    months = words.months_alone or words.months if alone else words.months
    return {
        "weekday": words.weekdays[day.weekday()],
        "month": months[day.month - 1],
        "month_number": day.month,
        "day": words.day_of_month(day.day),
        "year": day.year,
    }


def _next_day(slots: Mapping[str, Any], today: date) -> date:
    """Return the next day of the slots, today included; after "next" only for a date.

    Raises `ValueError` for an unknown day.
    """
    if "weekday" in slots and "next_week" in slots:  # weeks begin on Monday
        return today + timedelta(days=7 - today.weekday() + int(slots["weekday"]))
    if "weekday" in slots:
        ahead = (int(slots["weekday"]) - today.weekday()) % 7
        return today + timedelta(days=ahead or (7 if "next" in slots else 0))
    rule = str(slots.get("holiday") or f"{slots['month']} {slots['day']}")
    for year in range(today.year, today.year + 9):  # a leap day comes after eight years at most
        try:
            day = _holiday(rule, year)
        except ValueError:
            continue
        if day >= today:
            return day
    raise ValueError(f"no such day: {rule}")


def _holiday(rule: str, year: int) -> date:
    """Return the day of a rule in a year.

    The rules are "12 25" for a month and day, "11 4 3" for the fourth weekday 3 (Thursday) of
    November, "5 -1 0" for the last Monday of May, "easter 1" for the day after Easter Sunday, and
    "on 2027-02-06 2028-01-26" for these days.
    Raises `ValueError` for a date that the year does not have.
    """
    name, *numbers = rule.split()
    if name == "on":  # a day of another calendar
        days = [day for text in numbers if (day := date.fromisoformat(text)).year == year]
        if not days:
            raise ValueError(f"no day in {year}")
        return days[0]
    if name == "easter":
        return _easter(year) + timedelta(days=int(numbers[0]))
    month, number, *weekday = int(name), *map(int, numbers)
    if not weekday:
        return date(year, month, number)
    if number > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday[0] - first.weekday()) % 7 + 7 * (number - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday[0]) % 7)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876, Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def now_of(request: ReplyRequest) -> datetime:
    """Return the satellite's local time. Raises `EngineFailed` if it is malformed."""
    text = request.situation.now
    if text is None:
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise EngineFailed(f"the satellite's time is not ISO 8601: {quoted(text, 60)}") from error


SKILLS: dict[str, Skill] = {
    "HassGetCurrentTime": report_time,
    "HassGetCurrentDate": report_date,
    "DaysUntil": count_days,
}
