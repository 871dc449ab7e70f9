"""The sentences of the package home-assistant-intents, for texts that match no others."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from servers.intents.match import Match
from servers.intents.package_mapping import target_of
from servers.intents.package_sentences import PackageSentences
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS

NAMES = ("lamp", "lights", "heater", "front door", "movie night", "blinds")
AREAS = ("living room", "kitchen", "garage")


@cache
def english() -> Sentences:
    return load("en", understood=SKILLS)


def understood(text: str) -> Match | None:
    return english().match(text, NAMES, AREAS)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("lift up the curtains in the kitchen", "HassOpenCover", {"device_class": "curtain"}),
        ("lift the garage door", "HassOpenCover", {"device_class": "garage"}),
        ("light up the kitchen", "HassTurnOn", {"domain": "light", "area": "kitchen"}),
        ("bring the lamp on", "HassTurnOn", {"name": "lamp"}),
        ("turn off every single light in the kitchen", "HassTurnOff", {"area": "kitchen"}),
        ("how's the heater", "HassGetState", {"name": "heater"}),
        ("what can I say", "Help", {}),
    ],
)
def test_a_text_that_matches_no_other_sentence_is_understood(
    text: str, intent: str, slots: dict[str, Any]
) -> None:
    assert load("en").match(text, NAMES, AREAS) is None or intent == "Help"
    match = understood(text)
    assert match is not None
    assert match.intent == intent
    assert slots.items() <= match.slots.items()


def test_what_matches_an_own_sentence_stays_as_it_was() -> None:
    for text in ("turn on the lamp", "stop", "set a pizza timer for ten minutes", "open the lamp"):
        assert understood(text) == load("en").match(text, NAMES, AREAS)


@pytest.mark.parametrize(
    "text",
    [
        "lamp",
        "the movie night",
        "don't open the curtains",
        "did you open the curtains",
        "add don't buy milk to the shopping list",
        "add never mind to my list",
        "what is the weather in five hours",
        "tell me a joke in ten minutes",
        "set a timer for ten minutes called " + "very " * 20 + "long",
    ],
)
def test_no_text_is_understood_by_swallowing_or_reversing_words(text: str) -> None:
    match = understood(text)
    assert match is None or match == load("en").match(text, NAMES, AREAS)


def test_only_intents_with_a_skill_are_read() -> None:
    few = PackageSentences("en", {"HassOpenCover"})
    assert few.load()
    assert not PackageSentences("tlh", SKILLS).load()
    assert load("en", understood={"HassOpenCover"}).match("bring the lamp on", NAMES, ()) is None


@pytest.mark.parametrize(
    ("intent", "block", "target"),
    [
        ("HassTurnOn", {"metadata": {"slot_combination": "floor_domain"}}, None),
        (
            "HassTurnOn",
            {
                "metadata": {"slot_combination": "name_only"},
                "requires_context": {"domain": ["lock"]},
            },
            "LockDoor",
        ),
        (
            "HassTurnOff",
            {"metadata": {"slot_combination": "device_class_cover"}, "slots": {"domain": "cover"}},
            "HassCloseCover",
        ),
        ("HassRespond", {"response": "creator"}, None),
        ("HassUnheardOf", {}, None),
    ],
)
def test_a_block_of_sentences_has_the_intent_of_its_domain(
    intent: str, block: dict[str, Any], target: str | None
) -> None:
    found = target_of(intent, block)
    assert (found.intent if found else None) == target


def test_a_kind_of_things_that_a_home_lacks_is_understood_where_nothing_else_fits() -> None:
    without = english().match("toggle the thermostat", ("lamp",), AREAS)
    assert without == Match(intent="HassToggle", slots={"name": "thermostat"})
    assert english().match("toggle the heater", ("lamp",), AREAS) is None
    own = english().match("toggle the thermostat", ("lamp", "Thermostat"), AREAS)
    assert own == Match(intent="HassToggle", slots={"name": "Thermostat"})


@pytest.mark.parametrize("amount", ["zehn", "10"])
@pytest.mark.parametrize(("word", "step"), [("lauter", "up"), ("leiser", "down")])
def test_an_amount_in_words_goes_the_way_that_is_said(amount: str, word: str, step: str) -> None:
    match = load("de", understood=SKILLS).match(f"mach die Musik {amount} Prozent {word}", (), ())
    assert match is not None
    assert match.slots == {"volume_step": step, "step": 10}


def test_a_loudness_in_words_is_what_is_said_after_one_that_is_lowered() -> None:
    german = load("de", understood=SKILLS)
    assert german.match("mach die Musik zwanzig Prozent leiser", (), ())
    match = german.match("Lautstärke auf zwanzig Prozent", (), ())
    assert match is not None
    assert match.slots == {"volume_level": 20}
