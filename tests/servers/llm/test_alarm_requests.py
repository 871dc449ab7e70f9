"""Requests about alarms and announcements, and the resulting actions and answers."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.turns import actions
from satellite.values import Action, AlarmState, Situation, TimerState
from tests.servers.llm.built_in_engine import actions_of, parts, text_of

FRIDAY = "2026-11-20T21:30:00+01:00"
WAKE = AlarmState(id="w", at="2026-11-23T07:00:00+01:00", days=(0, 1, 2, 3, 4))
TRAIN = AlarmState(id="t", at="2026-11-21T16:15:00+01:00")
EGG = TimerState(id="e", total=240, remaining=100, name="egg")
TEA = TimerState(id="t", total=300, remaining=50, name="tea", paused=True)


def evening(*alarms: AlarmState, **more: Any) -> Situation:
    return Situation(now=FRIDAY, alarms=alarms, **more)


@pytest.mark.parametrize(
    ("said", "time", "day", "answer"),
    [
        ("wake me at seven", "7:00", "2026-11-21", "7 AM tomorrow"),
        ("wake me up at half past six", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("wake me up tomorrow at quarter to seven", "6:45", "2026-11-21", "6:45 AM tomorrow"),
        ("set an alarm for 6:30 tomorrow", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("Set an alarm for 6:30 p.m. tomorrow.", "18:30", "2026-11-21", "6:30 PM tomorrow"),
        ("set an alarm for 7am", "7:00", "2026-11-21", "7 AM tomorrow"),
        ("set an alarm for 18:30", "18:30", "2026-11-21", "6:30 PM tomorrow"),
        ("set an alarm for ten", "22:00", "2026-11-20", "10 PM today"),
        ("set an alarm for nine", "9:00", "2026-11-21", "9 AM tomorrow"),
        ("set an alarm for ten o'clock tonight", "22:00", "2026-11-20", "10 PM today"),
        ("set an alarm for seven oh five in the morning", "7:05", "2026-11-21", "7:05 AM tomorrow"),
        ("set an alarm for noon", "12:00", "2026-11-21", "12 PM tomorrow"),
        ("set an alarm for midnight", "0:00", "2026-11-21", "12 AM tomorrow"),
        ("set an alarm for 6:30am", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for 6.30am", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for 630am", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("wake me up at 6:45p.m. tomorrow", "18:45", "2026-11-21", "6:45 PM tomorrow"),
        ("set an alarm for 18h30", "18:30", "2026-11-21", "6:30 PM tomorrow"),
        ("set an alarm for 1900 hours", "19:00", "2026-11-21", "7 PM tomorrow"),
        ("set alarm 7:15", "7:15", "2026-11-21", "7:15 AM tomorrow"),
        ("set an alarm for 630 am", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for 6.30 a.m.", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for 6:30 a.m. tomorrow", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for six thirty am", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("set an alarm for 0630", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("wake me up at 630", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("wake me up at 6.45", "6:45", "2026-11-21", "6:45 AM tomorrow"),
        ("wake me at ten to seven", "6:50", "2026-11-21", "6:50 AM tomorrow"),
        ("wake me at 10 minutes to 7", "6:50", "2026-11-21", "6:50 AM tomorrow"),
        ("wake me at twenty past six", "6:20", "2026-11-21", "6:20 AM tomorrow"),
        ("wake me at 5 past 6", "6:05", "2026-11-21", "6:05 AM tomorrow"),
        ("wake me at twenty-five after six", "6:25", "2026-11-21", "6:25 AM tomorrow"),
        ("wake me at a quarter of seven", "6:45", "2026-11-21", "6:45 AM tomorrow"),
        ("wake me at half six", "6:30", "2026-11-21", "6:30 AM tomorrow"),
        ("wake me at five to eight", "7:55", "2026-11-21", "7:55 AM tomorrow"),
        ("set an alarm at 7", "7:00", "2026-11-21", "7 AM tomorrow"),
        ("wake me up at 7 o'clock", "7:00", "2026-11-21", "7 AM tomorrow"),
        ("set an alarm for 7 am Sunday", "7:00", "2026-11-22", "7 AM on Sunday"),
        ("set an alarm for 12 noon", "12:00", "2026-11-21", "12 PM tomorrow"),
        ("wake me at eight on sunday", "8:00", "2026-11-22", "8 AM on Sunday"),
        ("wake me on friday at eight", "8:00", "2026-11-27", "8 AM on Friday"),
    ],
)
def test_an_alarm_is_set_and_its_time_confirmed(
    said: str, time: str, day: str, answer: str
) -> None:
    reply = parts(said, evening())
    hour, _, minute = time.partition(":")
    data = {"hour": int(hour), "minute": int(minute), "date": day, "days": []}
    assert actions_of(reply) == [Action(name="alarm.set", data=data)]
    assert text_of(reply) == f"Alarm set for {answer}."
    assert isinstance(actions.parse(actions_of(reply)[0]), actions.SetAlarm)


@pytest.mark.parametrize(
    ("said", "days", "answer"),
    [
        ("wake me at seven on weekdays", [0, 1, 2, 3, 4], "7 AM on weekdays"),
        ("wake me up every day at six thirty", [0, 1, 2, 3, 4, 5, 6], "6:30 AM every day"),
        ("set an alarm for nine every saturday", [5], "9 AM every Saturday"),
    ],
)
def test_an_alarm_is_set_for_days_of_the_week(said: str, days: list[int], answer: str) -> None:
    reply = parts(said, evening())
    (action,) = actions_of(reply)
    assert (action.data["date"], action.data["days"]) == (None, days)
    assert text_of(reply) == f"Alarm set for {answer}."


@pytest.mark.parametrize(
    ("said", "time", "text"),
    [
        ("remind me to call mom at six tomorrow", "6:00", "Reminder: call mom."),
        ("remind me at 6:30 a.m. to take out the trash", "6:30", "Reminder: take out the trash."),
        ("Remind me to be home by 7 PM at 6.", "6:00", "Reminder: be home by 7 PM."),
        ("remind me tomorrow at 9 to water the plants", "9:00", "Reminder: water the plants."),
        ("set a reminder for 5 am to feed the cat", "5:00", "Reminder: feed the cat."),
    ],
)
def test_a_reminder_is_an_alarm_with_a_text(said: str, time: str, text: str) -> None:
    reply = parts(said, evening())
    hour, _, minute = time.partition(":")
    moment = {"hour": int(hour), "minute": int(minute), "date": "2026-11-21", "days": []}
    assert actions_of(reply) == [Action(name="alarm.set", data={**moment, "text": text})]
    assert text_of(reply).startswith("I will remind you at ")
    assert isinstance(actions.parse(actions_of(reply)[0]), actions.SetAlarm)


@pytest.mark.parametrize(
    "said", ["remind me in half an hour to call mom", "remind me to call mom in 30 minutes"]
)
def test_a_reminder_after_a_time_is_a_timer_with_a_text(said: str) -> None:
    data = {"seconds": 1800.0, "name": None, "text": "Reminder: call mom."}
    assert actions_of(parts(said, evening())) == [Action(name="timer.start", data=data)]


@pytest.mark.parametrize("said", ["remind me to call mom", "remind me to call mom tomorrow"])
def test_a_reminder_without_a_time_is_asked_for(said: str) -> None:
    assert text_of(parts(said, evening())).startswith("When?")


def test_a_time_that_has_passed_today_is_refused() -> None:
    reply = parts("set an alarm for eight today", evening())
    assert actions_of(reply) == []
    assert text_of(reply) == "It is later than 8 PM already."


@pytest.mark.parametrize(
    ("said", "alarms", "actions", "answer"),
    [
        ("when is my alarm", (), [], "No alarm is set."),
        ("what alarms are set", (WAKE,), [], "An alarm is set for 7 AM on weekdays."),
        (
            *("are there any alarms", (TRAIN, WAKE), []),
            "2 alarms are set: 4:15 PM tomorrow and 7 AM on weekdays.",
        ),
        ("cancel the alarm", (), [], "No alarm is set."),
        (
            *("cancel my alarm", (TRAIN,), [("alarm.cancel", {"id": "t"})]),
            "Cancelled the alarm for 4:15 PM tomorrow.",
        ),
        (
            *("turn off the seven o'clock alarm", (TRAIN, WAKE)),
            *([("alarm.cancel", {"id": "w"})], "Cancelled the alarm for 7 AM on weekdays."),
        ),
        ("cancel the alarm for nine", (WAKE,), [], "No alarm is set for 9 AM."),
        (
            *("cancel all alarms", (TRAIN, WAKE), [("alarm.cancel", {"all": True})]),
            "Cancelled 2 alarms.",
        ),
        ("snooze", (), [], "Nothing is ringing."),
    ],
)
def test_alarms_are_listed_and_cancelled(
    said: str, alarms: tuple[AlarmState, ...], actions: list[Any], answer: str
) -> None:
    reply = parts(said, evening(*alarms))
    assert [(action.name, action.data) for action in actions_of(reply)] == actions
    assert text_of(reply) == answer


def test_a_ringing_alarm_is_stopped_or_snoozed() -> None:
    assert actions_of(parts("stop the alarm", evening(WAKE, ringing=True))) == [Action(name="stop")]
    snoozed = parts("snooze for five minutes", evening(ringing=True))
    assert actions_of(snoozed) == [Action(name="snooze", data={"seconds": 300.0})]
    assert actions_of(parts("snooze", evening(ringing=True)))[0].data == {"seconds": 540.0}


@pytest.mark.parametrize(
    ("said", "timers", "data", "answer"),
    [
        (
            *("add five minutes to the egg timer", (EGG,), {"id": "e", "add": 300.0}),
            "6 minutes 40 seconds left on the egg timer.",
        ),
        (
            *("give me ten minutes more", (EGG,), {"id": "e", "add": 600.0}),
            "11 minutes 40 seconds left on the egg timer.",
        ),
        (
            *("remove a minute from the timer", (EGG,), {"id": "e", "add": -60.0}),
            "40 seconds left on the egg timer.",
        ),
        (
            *("pause the timer", (EGG, TEA), {"id": "e", "paused": True}),
            "Paused the egg timer, with 1 minute 40 seconds left.",
        ),
        (
            *("resume the tea timer", (EGG, TEA), {"id": "t", "paused": False}),
            "50 seconds left on the tea timer.",
        ),
    ],
)
def test_a_timer_is_changed(
    said: str, timers: tuple[TimerState, ...], data: dict[str, Any], answer: str
) -> None:
    reply = parts(said, Situation(now=FRIDAY, timers=timers))
    assert actions_of(reply) == [Action(name="timer.change", data=data)]
    assert text_of(reply) == answer


def test_one_of_several_timers_has_to_be_named() -> None:
    reply = parts("add a minute to the timer", Situation(now=FRIDAY, timers=(EGG, TEA)))
    assert not actions_of(reply)
    assert text_of(reply).endswith("Say which one.")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("broadcast dinner is ready", "dinner is ready"),
        ("announce that lunch is ready", "lunch is ready"),
        ("broadcast the plumber comes at nine", "the plumber comes at nine"),
        ("broadcast Steve, come at 6:30 PM please", "Steve, come at 6:30 PM please"),
        ("tell everyone grandma is here", "grandma is here"),
    ],
)
def test_a_message_is_announced_in_the_other_rooms(said: str, message: str) -> None:
    reply = parts(said, evening())
    assert actions_of(reply) == [Action(name="announce.broadcast", data={"text": message})]
    assert text_of(reply) == "I'll tell the others."
