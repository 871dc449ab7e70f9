"""Requests about timers, and the resulting actions and answers."""

from __future__ import annotations

import pytest

from satellite.values import Action, Situation, TimerState
from tests.servers.llm.built_in_engine import NOW, actions_of, declined, parts, text_of

PIZZA = TimerState(id="p", total=600, remaining=269.2, name="pizza")
SHORT = TimerState(id="s", total=300, remaining=65)
LONG = TimerState(id="l", total=7200, remaining=7000)


def running(*timers: TimerState, ringing: bool = False) -> Situation:
    return Situation(now=NOW, timers=timers, ringing=ringing)


@pytest.mark.parametrize(
    ("said", "seconds", "name"),
    [
        ("set a timer for five minutes", 300, None),
        ("Set a timer for 5 minutes.", 300, None),
        ("set the timer to five minutes", 300, None),
        ("please set me a timer for twenty five minutes", 1500, None),
        ("set a timer for an hour", 3600, None),
        ("set a timer for one hour", 3600, None),
        ("set a timer for an hour and a half", 5400, None),
        ("set a timer for two and a half hours", 9000, None),
        ("set a timer for half an hour", 1800, None),
        ("set a timer for a quarter of an hour", 900, None),
        ("set a timer for three quarters of an hour", 2700, None),
        ("set a timer for a minute and a half", 90, None),
        ("set a timer for half a minute", 30, None),
        ("set a timer for one minute thirty seconds", 90, None),
        ("set a timer for 1 minute and 30 seconds", 90, None),
        ("set a timer for 1 hour, 20 minutes and 5 seconds", 4805, None),
        ("set a timer for 120 minutes", 7200, None),
        ("set a timer for 5min", 300, None),
        ("set a timer for 1 h 5 min 10 s", 3910, None),
        ("timer for ten minutes", 600, None),
        ("timer ten minutes", 600, None),
        ("ten minute timer", 600, None),
        ("could you start a ten-minute timer, please?", 600, None),
        ("set a 5 minute and 30 second timer", 330, None),
        ("set a 1 hour 15 minute timer", 4500, None),
        ("set a one hour and thirty minute timer", 5400, None),
        ("set an hour and a half timer", 5400, None),
        ("set a half-hour timer", 1800, None),
        ("set a two and a half minute timer", 150, None),
        ("set a 5 minute and 30 second pasta timer", 330, "pasta"),
        ("set a timer for 1/2 an hour", 1800, None),
        ("set a timer for ½ hour", 1800, None),
        ("set a timer for 1 1/2 hours", 5400, None),
        ("set a timer for 1½ hours", 5400, None),
        ("set a timer for 1.5 hours", 5400, None),
        ("set a timer for 0.5 hours", 1800, None),
        ("set a timer for 2.25 hours", 8100, None),
        ("set a timer for 1.2 hours", 4320, None),
        ("set a timer for .5 hours", 1800, None),
        ("set a timer for .75 hours", 2700, None),
        ("set a .5 hour timer", 1800, None),
        ("set a timer for half hour", 1800, None),
        ("set a timer for two and three quarter hours", 9900, None),
        ("put on a timer for seven minutes", 420, None),
        ("put on a pasta timer for seven minutes", 420, "pasta"),
        ("set an alarm for 1h30", 5400, None),
        ("set a timer for 3 hours and a half", 12600, None),
        ("set a timer for two and a quarter hours", 8100, None),
        ("set a timer for a quarter hour", 900, None),
        ("set a timer for 1/4 of an hour", 900, None),
        ("set a timer for 3/4 hour", 2700, None),
        ("set a timer for one hundred twenty seconds", 120, None),
        ("set a timer for a hundred and five seconds", 105, None),
        ("set a timer for 1,000 seconds", 1000, None),
        ("set a timer for 1h30m", 5400, None),
        ("set a timer for 5m 30s", 330, None),
        ("set a timer for a couple of minutes", 120, None),
        ("set an alarm for 10 minutes", 600, None),
        ("wake me up in 20 minutes", 1200, None),
        ("set an alarm for half an hour from now", 1800, None),
        ("set a ten minute alarm", 600, None),
        ("set a pizza timer for ten minutes", 600, "pizza"),
        ("set a timer for ten minutes for pizza", 600, "pizza"),
        ("set a timer for ten minutes called pizza", 600, "pizza"),
        ("set a ten minute pizza timer", 600, "pizza"),
        ("set a timer named pizza for ten minutes", 600, "pizza"),
        ("set a timer for ten minutes for the tea", 600, "tea"),
        ("set a sourdough starter timer for 3 hours", 10800, "sourdough starter"),
        ("set a timer for 20 minutes called my sauna session", 1200, "sauna session"),
    ],
)
def test_a_timer_is_started(said: str, seconds: float, name: str | None) -> None:
    reply = parts(said)
    assert actions_of(reply) == [
        Action(name="timer.start", data={"seconds": float(seconds), "name": name})
    ]
    assert text_of(reply)


def test_the_answer_says_how_long_and_for_what() -> None:
    assert text_of(parts("set a timer for ninety seconds")) == "Timer set for 1 minute 30 seconds."
    said = "set an egg timer for four minutes"
    assert text_of(parts(said)) == "The egg timer is set for 4 minutes."


@pytest.mark.parametrize(
    "said",
    [
        "set a 5 gallon and 30 second timer",
        "set a ten minute and twenty timer",
        "set an alarm and a timer for ten minutes",
        "set a timer for ten minutes called pasta for two hours",
        "cancel the pizza timer and the egg timer",
        "set a timer for ten minutes and turn off the lamp",
    ],
)
def test_a_name_takes_nothing_that_belongs_to_another_part(said: str) -> None:
    assert declined(parts(said, running(PIZZA)))


@pytest.mark.parametrize("said", ["set a timer", "set a pizza timer", "set a timer for 0 minutes"])
def test_without_a_duration_it_asks(said: str) -> None:
    reply = parts(said)
    assert text_of(reply).startswith("For how long?")
    assert not actions_of(reply)


@pytest.mark.parametrize(
    ("said", "timers", "answer"),
    [
        ("how much time is left", (), "No timer is running."),
        ("how much time is left", (PIZZA,), "4 minutes 30 seconds left on the pizza timer."),
        (
            "how long is left on the timer",
            (SHORT,),
            "1 minute 5 seconds left on the 5 minute timer.",
        ),
        ("how much time is left", (LONG,), "1 hour 57 minutes left on the 2 hour timer."),
        (
            "How much time is left on the pizza timer?",
            (SHORT, PIZZA),
            "4 minutes 30 seconds left on the pizza timer.",
        ),
        (
            "how much time do I have on the five minute timer",
            (SHORT, PIZZA),
            "1 minute 5 seconds left on the 5 minute timer.",
        ),
        (
            "how much longer",
            (SHORT, PIZZA),
            "1 minute 5 seconds on the 5 minute timer and 4 minutes 30 seconds on the pizza timer.",
        ),
        ("how much time is left on the pasta timer", (PIZZA,), "There is no pasta timer."),
        ("how much time is left on the pasta timer", (), "No timer is running."),
        ("how much time is left on the sauna timer", (PIZZA,), "There is no sauna timer."),
        ("how many timers are there", (), "No timer is running."),
        (
            "do I have any timers",
            (SHORT,),
            "One timer is running: 1 minute 5 seconds left on the 5 minute timer.",
        ),
        (
            "how many timers",
            (SHORT, PIZZA),
            "2 timers are running: 1 minute 5 seconds left on the 5 minute timer and "
            "4 minutes 30 seconds left on the pizza timer.",
        ),
    ],
)
def test_questions_about_timers_are_answered(
    said: str, timers: tuple[TimerState, ...], answer: str
) -> None:
    assert parts(said, running(*timers)) == (answer,)


@pytest.mark.parametrize(
    ("said", "timers", "data"),
    [
        ("cancel the timer", (SHORT,), {"id": "s"}),
        ("Cancel the Pizza timer!", (SHORT, PIZZA), {"id": "p"}),
        ("stop the pizza timer", (SHORT, PIZZA), {"id": "p"}),
        ("cancel the five minute timer", (SHORT, PIZZA), {"id": "s"}),
        ("cancel the timer for pizza", (SHORT, PIZZA), {"id": "p"}),
        ("cancel all timers", (SHORT, PIZZA), {"all": True}),
        ("delete my timers", (SHORT,), {"all": True}),
    ],
)
def test_timers_are_cancelled(
    said: str, timers: tuple[TimerState, ...], data: dict[str, object]
) -> None:
    reply = parts(said, running(*timers))
    assert actions_of(reply) == [Action(name="timer.cancel", data=data)]
    assert text_of(reply).startswith("Cancelled ")


@pytest.mark.parametrize(
    ("said", "timers", "answer"),
    [
        ("cancel the timer", (), "No timer is running."),
        ("cancel all timers", (), "No timer is running."),
        ("cancel the pasta timer", (PIZZA,), "There is no pasta timer."),
        ("cancel the ten minute timer", (SHORT,), "There is no 10 minute timer."),
        (
            "cancel the timer",
            (SHORT, PIZZA),
            "There is more than one: the 5 minute timer with 1 minute 5 seconds left and the pizza "
            "timer with 4 minutes 30 seconds left. Say which one to cancel, or cancel all timers.",
        ),
    ],
)
def test_nothing_is_cancelled_by_guess(
    said: str, timers: tuple[TimerState, ...], answer: str
) -> None:
    assert parts(said, running(*timers)) == (answer,)


@pytest.mark.parametrize("said", ["stop", "stop the timer", "cancel", "stop the pizza timer"])
def test_a_ringing_timer_is_silenced_and_others_run_on(said: str) -> None:
    assert parts(said, running(SHORT, ringing=True)) == (Action(name="stop"),)


def test_a_running_timer_can_be_cancelled_by_name_while_another_rings() -> None:
    reply = parts("cancel the pizza timer", running(PIZZA, ringing=True))
    assert actions_of(reply) == [Action(name="timer.cancel", data={"id": "p"})]


def test_all_timers_include_the_ringing_one() -> None:
    reply = parts("cancel all timers", running(PIZZA, ringing=True))
    assert [action.name for action in actions_of(reply)] == ["timer.cancel", "stop"]
