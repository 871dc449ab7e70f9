"""Durations: slots to seconds to words, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.intents.durations import has_duration as given_in
from servers.intents.durations import in_words, seconds_of
from servers.intents.sentences import load
from tests.servers.intents.number_words import in_words as number_words
from tests.servers.llm.built_in_engine import english

PHRASES = english().phrases


@pytest.mark.parametrize(
    ("seconds", "words", "before_noun"),
    [
        (270, "4 minutes 30 seconds", "4 minute 30 second"),
        (3600, "1 hour", "1 hour"),
        (7261, "2 hours 1 minute 1 second", "2 hour 1 minute 1 second"),
        (0.2, "1 second", "1 second"),
        (0, "0 seconds", "0 second"),
        (-3, "0 seconds", "0 second"),
    ],
)
def test_durations_are_formatted_in_words(seconds: float, words: str, before_noun: str) -> None:
    assert in_words(seconds, PHRASES) == words
    assert in_words(seconds, PHRASES, before_noun=True) == before_noun


def test_the_form_for_one_number_alone_is_the_whole_amount() -> None:
    spanish = load("es").phrases
    assert in_words(3660, spanish) == "una hora y un minuto"
    assert in_words(3600, spanish, before_noun=True) == "una hora"
    assert in_words(7202, spanish) == "2 horas y 2 segundos"


def test_slots_without_a_duration_have_none() -> None:
    assert seconds_of({"name": "pizza"}) == 0
    assert not given_in({"name": "pizza"})
    assert given_in({"seconds": 0})


@settings(deadline=None)
@given(st.integers(1, 100 * 3600 + 3599))
def test_formatted_durations_are_understood(seconds: int) -> None:
    digits = in_words(seconds, PHRASES)
    words = " ".join(number_words(int(w)) if w.isdigit() else w for w in digits.split())
    for text in (digits, words):
        match = english().match(f"set a timer for {text}", (), ())
        assert match is not None
        assert seconds_of(match.slots) == seconds
