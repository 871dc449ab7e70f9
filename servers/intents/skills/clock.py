"""Time and date."""

from __future__ import annotations

from datetime import datetime, timedelta

from satellite.errors import EngineFailed
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.alarm_times import time_in_words
from servers.intents.skills.skill import Parts, Skill

_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def report_time(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    time = time_in_words(now_of(request).time(), phrases.words)
    return (phrases.say(match.intent, match.response, time=time),)


def report_date(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    offset = _DAYS.get(day := match.slots.get("day", "today"), 0)
    date, words = now_of(request) + timedelta(days=offset), phrases.words
    return (
        phrases.say(
            match.intent,
            day if offset else match.response,
            weekday=words.weekdays[date.weekday()],
            month=words.months[date.month - 1],
            day=date.day,
            year=date.year,
        ),
    )


def now_of(request: ReplyRequest) -> datetime:
    """Return the satellite's local time. Raises `EngineFailed` if it is malformed."""
    text = request.situation.now
    if text is None:
        return datetime.now().astimezone()
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise EngineFailed(f"the satellite's time is not ISO 8601: {text!r:.60}") from error


SKILLS: dict[str, Skill] = {"HassGetCurrentTime": report_time, "HassGetCurrentDate": report_date}
