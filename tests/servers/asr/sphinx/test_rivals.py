"""Confusable words: which commands are compared, and how close the scores may be."""

from __future__ import annotations

import math

import pytest

from servers.asr.sphinx import networks
from servers.asr.sphinx.rivals import Rivals

RIVALS = Rivals([("fifteen", "fifty"), ("fifty", "thirty")])


def test_a_command_without_a_confusable_word_is_not_compared() -> None:
    assert RIVALS.alternatives(["what", "time", "is", "it"], -1.0) is None


def test_rivals_are_mutual() -> None:
    assert RIVALS.of("fifty") == {"fifteen", "thirty"}
    assert RIVALS.of("thirty") == {"fifty"}
    assert RIVALS.of("minutes") == frozenset()


@pytest.mark.parametrize(
    ("number", "confidence", "expected"),
    [
        ("fifteen", -1.0, {"fifteen": 0.0, "fifty": 12}),
        ("fifteen", -4.0, {"fifteen": 0.0, "fifty": 12}),
        ("fifty", -1.0, {"fifty": 0.0, "fifteen": 20, "thirty": 20}),
        ("fifty", -4.0, {"fifty": 0.0, "fifteen": 50, "thirty": 50}),
    ],
)
def test_a_word_that_others_are_taken_for_needs_a_clearer_score(
    number: str, confidence: float, expected: dict[str, float]
) -> None:
    places = RIVALS.alternatives(["for", number, "minutes"], confidence)
    assert places == [{"for": 0.0}, expected, {"minutes": 0.0}]


def test_the_last_word_is_clearer_than_others() -> None:
    assert RIVALS.alternatives(["fifty"], -4.0) == [{"fifty": 0.0, "fifteen": 25, "thirty": 25}]


def test_a_favored_word_is_recognized_with_a_score_that_much_worse() -> None:
    network = networks.sentence([{"fifty": 0.0, "fifteen": 50}])
    (line,) = [line for line in network.splitlines() if line.endswith(" fifty")]
    penalty = 6.5 * math.log(float(line.split()[3]))  # as PocketSphinx weighs a grammar
    assert penalty / 1024 * 1000 == pytest.approx(-50)
    assert "TRANSITION 1 2 1.0 fifteen" in network


def test_answers_are_alternatives_of_whole_phrases() -> None:
    network = networks.answers([["the", "first"], ["stop"]])
    assert network.splitlines()[4:] == [
        "TRANSITION 0 2 1.0 the",
        "TRANSITION 2 1 1.0 first",
        "TRANSITION 0 1 1.0 stop",
        "FSG_END",
    ]


def test_ten_is_said_where_two_is_little_better_in_a_voice_that_the_model_knows_badly() -> None:
    rivals = Rivals([("ten", "two"), ("fifteen", "fifty")])
    asked = rivals.alternatives(["for", "two", "minutes"], -3.5)
    assert asked == [{"for": 0.0}, {"two": 0.0, "ten": 100}, {"minutes": 0.0}]
    likelier = rivals.likelier(["for", "two", "minutes"], 1, "ten", -3.5)
    assert likelier == [{"for": 0.0}, {"two": 0.0, "ten": 60}, {"minutes": 0.0}]


@pytest.mark.parametrize(("word", "rival"), [("ten", "two"), ("fifty", "fifteen")])
def test_what_the_scores_do_not_distinguish_is_asked(word: str, rival: str) -> None:
    rivals = Rivals([("ten", "two"), ("fifteen", "fifty")])
    assert rivals.likelier(["for", word, "minutes"], 1, rival, -3.5) is None
