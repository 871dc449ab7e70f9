"""Spoken requests for tools, and requests for words, of the benchmark `tools`."""

from __future__ import annotations

from typing import Any

from satellite.values import Situation, TimerState

HOME = Situation(
    home=True,
    now="2026-11-20T10:25:00+01:00",
    names=("desk lamp", "ceiling light", "heater", "front door", "blinds"),
    areas=("kitchen", "bedroom", "office"),
    timers=(TimerState(id="1", total=600.0, remaining=200.0, name="tea"),),
    volume=0.5,
)
"""Where the requests are made."""

Wanted = tuple[str, dict[str, Any]]
"""A tool, and those of its arguments that matter."""

REQUESTS: tuple[tuple[str, Wanted], ...] = (
    ("Set a timer for five minutes.", ("start_timer", {"minutes": 5})),
    ("Start a ten minute timer.", ("start_timer", {"minutes": 10})),
    ("Can you time two hours for me?", ("start_timer", {"hours": 2})),
    ("Give me thirty seconds on the clock.", ("start_timer", {"seconds": 30})),
    ("I need a timer for the pasta, eight minutes.", ("start_timer", {"minutes": 8})),
    (
        "Set a timer called eggs for six minutes.",
        ("start_timer", {"minutes": 6, "name": "eggs"}),
    ),
    ("Start a timer for a quarter of an hour.", ("start_timer", {"minutes": 15})),
    ("Count down ninety seconds.", ("start_timer", {"seconds": 90})),
    ("Time one hour and twenty minutes.", ("start_timer", {"hours": 1, "minutes": 20})),
    ("Please start a timer of three minutes for my tea.", ("start_timer", {"minutes": 3})),
    ("What time is it?", ("get_time", {})),
    ("Tell me the time, please.", ("get_time", {})),
    ("What is the date today?", ("get_time", {})),
    ("How long is left on my timer?", ("check_timers", {})),
    ("How much time does the tea timer have?", ("check_timers", {})),
    ("Are any timers running?", ("check_timers", {})),
    ("Cancel the timer.", ("cancel_timer", {})),
    ("Stop the tea timer.", ("cancel_timer", {})),
    ("Delete all timers.", ("cancel_timer", {})),
    ("Add two minutes to the timer.", ("change_timer", {"minutes": 2})),
    ("Make the tea timer five minutes longer.", ("change_timer", {"minutes": 5})),
    ("Wake me up at seven in the morning.", ("set_alarm", {"hour": 7})),
    ("Set an alarm for six thirty.", ("set_alarm", {"hour": 6, "minute": 30})),
    ("Alarm tomorrow at eight.", ("set_alarm", {"hour": 8})),
    ("Which alarms are set?", ("check_alarms", {})),
    ("Cancel my alarms.", ("cancel_alarms", {})),
    ("Set the volume to thirty percent.", ("set_volume", {"percent": 30})),
    ("Volume at eighty.", ("set_volume", {"percent": 80})),
    ("Make it twenty percent louder.", ("change_volume", {"by": 20})),
    ("Turn it down by ten percent.", ("change_volume", {"by": -10})),
    ("Tell everyone that dinner is ready.", ("broadcast", {})),
    ("Announce in the other rooms that we leave at nine.", ("broadcast", {})),
    ("Turn on the desk lamp.", ("switch_home", {"action": "turn_on", "name": "desk lamp"})),
    ("Switch the heater off.", ("switch_home", {"action": "turn_off", "name": "heater"})),
    ("Open the blinds.", ("switch_home", {"action": "open", "name": "blinds"})),
    ("Lock the front door.", ("switch_home", {"action": "lock", "name": "front door"})),
    ("Lights off in the kitchen.", ("switch_home", {"action": "turn_off", "area": "kitchen"})),
    ("Dim the ceiling light to forty percent.", ("set_home_level", {"percent": 40})),
    ("Set the heater to twenty one degrees.", ("set_home_temperature", {"degrees": 21})),
    ("Is the front door locked?", ("get_home_state", {"name": "front door"})),
)
"""40 requests with the tool that serves them, as Whisper writes them."""

TALK = (
    "Who wrote Romeo and Juliet?",
    "Tell me a joke.",
    "What is the capital of France?",
    "How do I boil an egg?",
    "Why is the sky blue?",
    "Thank you.",
    "Good morning.",
    "What can I cook with potatoes?",
    "How are you?",
    "Translate good night into German.",
)
"""10 requests that need no tool."""
