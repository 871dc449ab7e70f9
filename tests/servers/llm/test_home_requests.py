"""Requests of a connected home beyond on and off, and what is said without one."""

from __future__ import annotations

import pytest

from satellite.homeassistant.client import service_calls
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.values import Declined, Situation
from tests.servers.llm.built_in_engine import NOW, actions_of, declined, parts, text_of

HOME = Situation(
    now=NOW,
    home=True,
    names=(
        *("lamp", "lights", "fan", "television", "front door", "Anna", "Blind"),
        *("Washing machine status", "Anna's Phone Battery", "blinds"),
    ),
    areas=("kitchen", "bathroom", "living room"),
)
NOWHERE = Situation(now=NOW, names=HOME.names, areas=HOME.areas)

COMMANDS = [
    ("set the kitchen lamp to red", {"operation": "color", "color": "red", "name": "lamp"}),
    ("make the lights blue", {"operation": "color", "color": "blue", "name": "lights"}),
    ("set the lamp to warm white", {"operation": "color_temperature", "value": 2700}),
    ("turn all the lights green", {"operation": "color", "kind": "light", "all": True}),
    ("set the blinds in the kitchen to 40 percent", {"operation": "level", "value": 40}),
    ("open the curtains to 30 %", {"operation": "level", "kind": "cover.curtain", "value": 30}),
    ("set the speed of the fan to 70%", {"operation": "level", "name": "fan", "value": 70}),
    ("start the vacuum", {"operation": "start", "kind": "vacuum"}),
    ("vacuum the kitchen", {"operation": "start", "kind": "vacuum", "area": "kitchen"}),
    ("send the vacuum home", {"operation": "dock", "kind": "vacuum"}),
    ("mow the lawn", {"operation": "start", "kind": "lawn_mower"}),
    ("stop mowing", {"operation": "dock", "kind": "lawn_mower"}),
    ("pause the music", {"operation": "pause", "kind": "media_player"}),
    ("pause the television", {"operation": "pause", "name": "television"}),
    ("resume the music in the kitchen", {"operation": "resume", "area": "kitchen"}),
    ("next song", {"operation": "next"}),
    ("skip this song", {"operation": "next"}),
    ("previous track", {"operation": "previous"}),
    ("stop the music", {"operation": "stop"}),
    ("play some jazz", {"operation": "play", "text": "jazz"}),
    ("play 99 Luftballons", {"operation": "play", "text": "99 Luftballons"}),
    ("play Abbey Road in the kitchen", {"operation": "play", "text": "Abbey Road"}),
    ("add milk to the shopping list", {"operation": "add_item", "text": "milk", "name": None}),
    ("put 2 eggs on my shopping list", {"operation": "add_item", "text": "2 eggs"}),
    ("add sweep to the chores list", {"operation": "add_item", "name": "chores"}),
    ("check off milk on the shopping list", {"operation": "complete_item", "text": "milk"}),
    ("cross milk off the list", {"operation": "complete_item", "text": "milk", "name": None}),
    ("remove milk from the shopping list", {"operation": "remove_item", "text": "milk"}),
    ("make it warmer", {"operation": "change_temperature", "value": 1, "kind": "climate"}),
    ("make it a bit colder in the kitchen", {"operation": "change_temperature", "value": -1}),
    ("turn the heating up by 2 degrees", {"operation": "change_temperature", "value": 2}),
    ("lower the temperature by 3 degrees", {"operation": "change_temperature", "value": -3}),
]

QUERIES = [
    ("are any lights on", {"quantity": "any", "kind": "light", "expected": "on"}),
    ("which lights are on in the kitchen", {"quantity": "which", "area": "kitchen"}),
    ("how many lights are on", {"quantity": "how_many", "kind": "light"}),
    ("are all the lights off", {"quantity": "all", "expected": "off"}),
    ("are any windows open", {"quantity": "any", "kind": "cover.window", "expected": "open"}),
    ("is the lamp on in the kitchen", {"name": "lamp", "area": "kitchen", "expected": "on"}),
    ("is anyone home", {"quantity": "any", "kind": "person", "expected": "home"}),
    ("who is at home", {"quantity": "which", "kind": "person"}),
    ("where is Anna", {"about": "place", "name": "Anna"}),
    ("is Anna at home", {"name": "Anna", "expected": "home"}),
    ("what's the humidity in the bathroom", {"about": "sensor", "kind": "sensor.humidity"}),
    ("what's the battery level of my phone", {"kind": "sensor.battery", "name": "phone"}),
    ("is the washing machine running", {"name": "washing machine", "part_of_name": True}),
    ("what's on the shopping list", {"about": "list", "name": None}),
    ("what's on the chores list", {"about": "list", "name": "chores"}),
    ("what's the weather", {"about": "weather", "day": 0}),
    ("what will the weather be like tomorrow", {"about": "weather", "day": 1}),
]


ASKED_OF_NO_OTHER_BRAIN = (
    "is the lamp on in the kitchen",
    "set the blinds in the kitchen to 40 percent",
)


@pytest.mark.parametrize(("text", "fields"), COMMANDS, ids=[text for text, _ in COMMANDS])
def test_a_command_asks_the_home(text: str, fields: dict[str, object]) -> None:
    (done,) = actions_of(parts(text, HOME))
    command = service_calls.read(done)
    assert isinstance(command, HomeCommand)
    assert {key: getattr(command, key) for key in fields} == fields


@pytest.mark.parametrize(("text", "fields"), QUERIES, ids=[text for text, _ in QUERIES])
def test_a_question_asks_the_home(text: str, fields: dict[str, object]) -> None:
    (asked,) = actions_of(parts(text, HOME))
    query = service_calls.read(asked)
    assert isinstance(query, HomeQuery)
    assert {key: getattr(query, key) for key in fields} == fields


@pytest.mark.parametrize("text", [text for text, _ in (*COMMANDS, *QUERIES)])
def test_without_a_home_nothing_is_done(text: str) -> None:
    """It is said, or declined, so that Home Assistant's own brain may follow in a chain."""
    reply = parts(text, NOWHERE)
    assert not actions_of(reply)
    said = reply[0].text if isinstance(reply[0], Declined) else text_of(reply)
    assert "no home" in said
    assert declined(reply) or text in ASKED_OF_NO_OTHER_BRAIN


@pytest.mark.parametrize(
    "text",
    [
        *("is the president running", "what's the battery level of my watch", "where is Paris"),
        *("do not play jazz", "don't add milk to the shopping list", "play jazz in ten minutes"),
        *("what is power", "what is humidity", "did you add milk to the shopping list"),
        *("turn off the lights in ten minutes or so", "call mom in ten minutes"),
        *("do not turn off the lights in ten minutes", "turn off the lamp and the fan in an hour"),
    ],
)
def test_other_requests_are_declined(text: str) -> None:
    assert declined(parts(text, HOME))


@pytest.mark.parametrize(
    ("text", "command", "seconds"),
    [
        ("turn off the lights in ten minutes", "turn off the lights", 600),
        ("in one hour and thirty minutes turn on the fan", "turn on the fan", 5400),
        ("set the kitchen lamp to 50% in 5 minutes", "set the kitchen lamp to 50%", 300),
        ("pause the music after half an hour", "pause the music", 1800),
    ],
)
def test_a_delayed_command_starts_a_timer(text: str, command: str, seconds: float) -> None:
    reply = parts(text, HOME)
    (timer,) = actions_of(reply)
    assert timer.name == "timer.start"
    assert timer.data == {
        "seconds": seconds, "name": command, "command": command, "language": "en",
    }  # fmt: skip
    assert text_of(reply).endswith(f": {command}.")


@pytest.mark.parametrize(
    "text",
    [
        *("turn off the lights in ten minutes", "in 5 minutes, turn off the lamp"),
        *("open the blinds in half an hour", "pause the music after two hours"),
    ],
)
def test_what_cannot_be_done_now_is_not_promised_for_later(text: str) -> None:
    """Nor does the reply sound as if it was asked for now."""
    reply = parts(text, NOWHERE)
    assert reply == (Declined(text="I can't do that later: no home is connected."),)


def test_the_parts_of_lists_and_the_language_travel_with_the_request() -> None:
    (asked,) = actions_of(parts("which lights are on", HOME))
    query = service_calls.read(asked)
    assert query is not None
    assert query.language is None  # English
    assert (query.say["between"], query.say["last"], query.say["and"]) == (", ", " and ", "and")
    assert query.name == "light"  # for programs that do not know kinds
