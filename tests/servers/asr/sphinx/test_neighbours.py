"""Sentences that differ in a value: which words are compared, and how close the scores may be."""

from __future__ import annotations

import pytest

from servers.asr.sphinx import neighbours, networks
from servers.intents import automaton

NETWORK = networks.commands(
    automaton.build(
        "<number> = (two|seven|twenty one|twenty five|seventeen);\n"
        "public <sentence> = (wake me up at <number>|set an alarm for (two|seven) thirty"
        "|turn (on|off) the (lamp|lamps|fan) [in the (kitchen|hall)]);"
    ),
    "_wake",
    [["do", "not"]],
    automaton.build("public <ending> = (tomorrow|seven);"),
)
NUMBERS = frozenset({"two", "seven", "seventeen", "twenty", "one", "five", "thirty"})
VALUES = NUMBERS | {"lamp", "lamps", "fan", "kitchen", "hall"}


@pytest.mark.parametrize(
    ("said", "others"),
    [
        ("wake me up at two", {4: {"seven", "seventeen"}}),
        ("wake me up at seven", {4: {"two"}}),
        ("wake me up at twenty one", {5: {"five"}}),
        ("set an alarm for two thirty", {4: {"seven"}}),
        ("turn on the lamp in the kitchen", {3: {"fan"}, 6: {"hall"}}),
        ("turn on the fan", {3: {"lamp", "lamps"}}),
        ("the first", {}),
        ("two", {}),
    ],
)
def test_values_are_compared_with_others_of_the_same_sentence(
    said: str, others: dict[int, set[str]]
) -> None:
    """Neither parts of a decoy, nor what is the same but for an ending, nor other words."""
    found = neighbours.places(NETWORK, said.split(), VALUES)
    assert {at: set(words) for at, words in enumerate(found) if words} == others


def test_without_values_nothing_is_compared() -> None:
    assert not any(neighbours.places(NETWORK, ["turn", "on", "the", "fan"], frozenset({"two"})))


@pytest.mark.parametrize(
    ("said", "others"),
    [
        ("two", {0: {"seven"}}),
        ("seven thirty", {0: {"two"}}),
        ("the first", {}),
        ("set an alarm for two thirty", {}),
    ],
)
def test_an_answer_is_compared_with_the_other_ones(said: str, others: dict[int, set[str]]) -> None:
    answers = ("the first", "the second", "two", "two thirty", "seven", "seven thirty", "fan")
    split = [answer.split() for answer in answers]
    found = neighbours.places_among(split, said.split(), VALUES - {"fan"})
    assert {at: set(words) for at, words in enumerate(found) if words} == others


def test_voices_that_the_model_knows_badly_need_a_clearer_score() -> None:
    limits = [neighbours.limit(confidence) for confidence in (-0.5, -1.5, -2.5, -3.5, -4.7)]
    assert limits == [35.0, 35.0, 55.0, 75.0, 75.0]


def test_other_values_are_favored() -> None:
    places = neighbours.with_limits(["at", "two"], [frozenset(), {"seven", "six"}], 35.0)
    assert places == [{"at": 0.0}, {"two": 0.0, "seven": 35.0, "six": 35.0}]
