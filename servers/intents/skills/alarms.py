"""Alarms: set, list, cancel, snooze. The satellite rings them and reports their state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from satellite.errors import EngineFailed
from satellite.text.quoted import quoted
from satellite.values import Action, AlarmState, ReplyRequest
from servers.intents import durations
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills import alarm_times
from servers.intents.skills.clock import now_of
from servers.intents.skills.skill import Parts, Skill

SNOOZE = 540.0
"""Seconds of a snooze without a duration: nine minutes, as on alarm clocks."""

_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for the text of a reminder."""

_FINAL = ".!。！ "
"""Signs at the end of a reminder, which is no sentence of its own in a list."""


def set_alarm(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    if not alarm_times.has_time(match.slots):
        return (phrases.say(match.intent, "no_time"),)
    now = now_of(request)
    alarm = alarm_times.resolve(match.slots, now)
    if alarm is None:
        spoken = alarm_times.time_in_words(alarm_times.candidates(match.slots)[-1], phrases)
        return (phrases.say(match.intent, "past", time=spoken),)
    data = {
        "hour": alarm.time.hour,
        "minute": alarm.time.minute,
        "date": alarm.date.isoformat() if alarm.date else None,
        "days": list(alarm.days),
    }
    if name := match.slots.get("name"):
        data["name"] = str(name)
    text = phrases.say(
        match.intent, match.response, alarm=alarm_times.in_words(alarm, now, phrases)
    )
    return text, Action(name="alarm.set", data={**data, **_reminder(match, phrases)})


def set_reminder(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Set an alarm, or start a timer, that says the text of the request when it rings."""
    if alarm_times.has_time(match.slots):
        return set_alarm(match, request, phrases)
    seconds = durations.seconds_of(match.slots)
    if not seconds:
        return (phrases.say(match.intent, "no_time"),)
    duration = durations.in_words(seconds, phrases)
    data = {"seconds": seconds, "name": None, **_reminder(match, phrases)}
    count = durations.first_count(seconds)
    text = phrases.say(match.intent, "later", duration=duration, count=count)
    return text, Action(name="timer.start", data=data)


def _reminder(match: Match, phrases: Phrases) -> dict[str, str]:
    if (text := match.slots.get("text")) is None:
        return {}
    return {"text": phrases.say(match.intent, "reminder", text=text)}


def list_reminders(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Say which texts are said when: those of timers, the next first, then those of alarms."""
    each = []
    for timer in request.situation.timers:
        if timer.text:
            duration = durations.in_words(timer.remaining, phrases)
            text = _reminded(timer.text, phrases)
            each.append(phrases.say(match.intent, "left", duration=duration, text=text))
    for alarm in request.situation.alarms:
        if alarm.text:
            moment, text = _describe(alarm, request, phrases), _reminded(alarm.text, phrases)
            each.append(phrases.say(match.intent, "each", alarm=moment, text=text))
    if not each:
        return (phrases.say(match.intent, "none"),)
    key = "several" if len(each) > 1 else match.response
    reminders = phrases.listed(tuple(each))
    return (phrases.say(match.intent, key, count=len(each), reminders=reminders),)


def _reminded(text: str, phrases: Phrases) -> str:
    """Return a reminder's text without the words around it that are said when it rings."""
    before, _, after = phrases.say("SetReminder", "reminder", text=_MARK).partition(_MARK)
    if text.startswith(before) and text.endswith(after):
        text = text[len(before) : len(text) - len(after)]
    return text.rstrip(_FINAL)


def list_alarms(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    alarms = request.situation.alarms
    if not alarms:
        return (phrases.say(match.intent, "none"),)
    key = "several" if len(alarms) > 1 else match.response
    each = _list(alarms, request, phrases)
    return (phrases.say(match.intent, key, count=len(alarms), alarms=each),)


def cancel(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    alarms = request.situation.alarms
    times: tuple[time, ...] = ()
    if alarm_times.has_time(match.slots):
        times = alarm_times.candidates(match.slots)
    elif request.situation.ringing:
        return (Action(name="stop"),)
    matching = [
        alarm
        for alarm in alarms
        if (not times or _moment(alarm).time() in times) and _is_on_day(alarm, match, request)
    ]
    if not alarms or not (matching or times):
        return (phrases.say(match.intent, "none"),)
    if not matching:
        spoken = alarm_times.time_in_words(times[0], phrases)
        return (phrases.say(match.intent, "unknown", time=spoken),)
    if len(matching) > 1:
        return (phrases.say(match.intent, "several", alarms=_list(matching, request, phrases)),)
    text = phrases.say(match.intent, match.response, alarm=_describe(matching[0], request, phrases))
    return text, Action(name="alarm.cancel", data={"id": matching[0].id})


def _is_on_day(alarm: AlarmState, match: Match, request: ReplyRequest) -> bool:
    """Return whether an alarm rings on the day of the slots, if they name one."""
    if days := match.slots.get("days"):
        return alarm.days == tuple(map(int, days))
    day = alarm_times.date_of(match.slots, now_of(request))
    return day is None or (day.weekday() in alarm.days or _moment(alarm).date() == day)


def cancel_all(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    alarms = request.situation.alarms
    ringing = (Action(name="stop"),) if request.situation.ringing else ()
    if not alarms:
        return ringing or (phrases.say(match.intent, "none"),)
    text = (
        phrases.say(match.intent, "several", count=len(alarms))
        if len(alarms) > 1
        else phrases.say(match.intent, match.response, alarm=_describe(alarms[0], request, phrases))
    )
    return text, Action(name="alarm.cancel", data={"all": True}), *ringing


def snooze(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    if not request.situation.ringing:
        return (phrases.say(match.intent, "none"),)
    seconds = durations.seconds_of(match.slots) or SNOOZE
    duration, count = durations.in_words(seconds, phrases), durations.first_count(seconds)
    text = phrases.say(match.intent, match.response, duration=duration, count=count)
    return text, Action(name="snooze", data={"seconds": seconds})


def _list(alarms: Sequence[AlarmState], request: ReplyRequest, phrases: Phrases) -> str:
    return phrases.listed(tuple(_describe(alarm, request, phrases) for alarm in alarms))


def _describe(alarm: AlarmState, request: ReplyRequest, phrases: Phrases) -> str:
    moment = _moment(alarm)
    date = None if alarm.days else moment.date()
    time = alarm_times.AlarmTime(moment.time(), date, alarm.days)
    return alarm_times.in_words(time, now_of(request), phrases)


def _moment(alarm: AlarmState) -> datetime:
    try:
        return datetime.fromisoformat(alarm.at).replace(tzinfo=None)
    except ValueError as error:
        raise EngineFailed(f"an alarm's time is not ISO 8601: {quoted(alarm.at, 60)}") from error


SKILLS: dict[str, Skill] = {
    "SetAlarm": set_alarm,
    "SetReminder": set_reminder,
    "ReminderStatus": list_reminders,
    "AlarmStatus": list_alarms,
    "CancelAlarm": cancel,
    "CancelAllAlarms": cancel_all,
    "Snooze": snooze,
}
