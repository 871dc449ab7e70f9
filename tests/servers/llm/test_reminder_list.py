"""Reminders that are set can be listed, in every language."""

from __future__ import annotations

import pytest

from satellite.languages.pack import pack
from satellite.values import Action, AlarmState, ReplyRequest, Situation, TimerState
from servers.intents.sentences import load
from servers.intents.skills import SKILLS
from servers.llm.intents import answer

NOW = "2026-11-20T10:25:00+01:00"


def said(language: str, text: str, situation: Situation) -> str:
    request = ReplyRequest(text=text, language=language, situation=situation)
    (reply,) = answer(load(language, understood=SKILLS), request)
    assert isinstance(reply, str)
    return reply


def test_reminders_are_listed_with_their_times_and_without_other_alarms() -> None:
    sentences = load("en", understood=SKILLS)
    request = ReplyRequest(text="remind me in an hour to call mom", situation=Situation(now=NOW))
    _, start = answer(sentences, request)
    assert isinstance(start, Action)
    timers = (
        TimerState(id="a", total=3600, remaining=1800, text=start.data["text"]),
        TimerState(id="b", total=3600, remaining=1800, name="pizza"),
    )
    alarms = (
        AlarmState(id="c", at="2026-11-21T07:00:00+01:00", text="Sing!"),
        AlarmState(id="d", at="2026-11-21T08:00:00+01:00"),
    )
    situation = Situation(now=NOW, timers=timers, alarms=alarms)
    assert said("en", "What reminders do I have?", situation) == (
        "2 reminders are set: in 30 minutes: call mom and 7 AM tomorrow: Sing."
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *[("de", "Welche Erinnerungen habe ich?"), ("fr", "Quels sont mes rappels ?")],
        *[("es", "¿Qué recordatorios tengo?"), ("it", "Quali promemoria ho?")],
        *[("nl", "Welke herinneringen heb ik?"), ("ru", "Какие у меня напоминания?")],
        *[("pl", "Jakie mam przypomnienia?"), ("pt", "Que lembretes tenho?")],
        *[("zh", "我有哪些提醒？"), ("ja", "リマインダーを教えて"), ("zh-TW", "我有哪些提醒？")],
    ],
)
def test_one_reminder_and_none_are_said_in_the_language(language: str, text: str) -> None:
    own = pack(language).part("answers")["responses"]["intents"]["ReminderStatus"]
    assert said(language, text, Situation(now=NOW)) == own["none"]
    timer = TimerState(id="a", total=3600, remaining=1800, text="XYZ")
    one = said(language, text, Situation(now=NOW, timers=(timer,)))
    assert one.startswith(own["default"].partition("{")[0])
    assert "XYZ" in one
    assert "30" in one
