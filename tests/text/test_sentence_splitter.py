"""Sentences are returned as soon as they are complete, and no text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.languages.text_rules import text_rules
from satellite.text.sentence_splitter import LONGEST, SentenceSplitter

ENGLISH = text_rules("en")
LONGEST_TEXT = round(LONGEST * ENGLISH.characters_per_second)


def split(*pieces: str) -> list[str]:
    splitter = SentenceSplitter(ENGLISH)
    found = [sentence for piece in pieces for sentence in splitter.push(piece)]
    return found + splitter.flush()


def test_the_first_sentence_is_returned_while_the_second_is_written() -> None:
    splitter = SentenceSplitter(ENGLISH)
    assert splitter.push("It is ten. ") == []
    assert splitter.push("Not") == ["It is ten."]
    assert splitter.flush() == ["Not"]


def test_a_single_sentence_is_returned_at_the_end() -> None:
    assert split("Turned ", "on the lamp.") == ["Turned on the lamp."]


def test_a_text_without_words_has_no_sentences() -> None:
    assert split("", " ", "...", "\n") == []


def test_a_text_without_full_stops_is_split_at_commas() -> None:
    text = "one two three, " * 200
    parts = split(*(text[start : start + 7] for start in range(0, len(text), 7)))
    assert len(parts) > 1
    assert all(len(part) <= LONGEST_TEXT for part in parts)
    assert " ".join(parts).split() == text.split()


def test_a_text_without_spaces_is_split_at_the_longest() -> None:
    parts = split("x" * 10_000)
    assert all(len(part) <= LONGEST_TEXT for part in parts)
    assert "".join(parts) == "x" * 10_000


@given(st.lists(st.text("ab ,.!?\n", max_size=30), max_size=30), st.data())
def test_no_word_is_lost_for_any_pieces(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    letters = [character for part in split(*pieces) for character in part if character in "ab"]
    assert letters == [character for character in text if character in "ab"]


def test_the_first_piece_may_be_a_clause() -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("Well, this is the first") == []  # "Well," is too short to be spoken alone
    assert splitter.push(" clause, and this") == ["Well, this is the first clause,"]
    assert splitter.push(", or so, is the rest. Then") == ["and this, or so, is the rest."]
    assert splitter.flush() == ["Then"]


def test_a_sentence_that_is_sent_whole_is_not_divided() -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("The lamp in the kitchen is on, the heater is off.") == []
    assert splitter.flush() == ["The lamp in the kitchen is on, the heater is off."]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "1. Boil the water.\n2. Add the pasta.\n3. Drain it.",
            ["1. Boil the water.", "2. Add the pasta.", "3. Drain it."],
        ),
        ("Do this:\n1. Boil it.\n2. Eat.", ["Do this:\n1. Boil it.", "2. Eat."]),
        ("Read a classic, e.g. The Hobbit. Now.", ["Read a classic, e.g. The Hobbit.", "Now."]),
        ("One, i.e. The first. Two.", ["One, i.e. The first.", "Two."]),
        ("Acme Corp. Announced it. Fine.", ["Acme Corp. Announced it.", "Fine."]),
        ("At 9 a.m. Eastern time. Yes.", ["At 9 a.m. Eastern time.", "Yes."]),
        ("Milk, etc. Then go.", ["Milk, etc. Then go."]),
        ("It was no. Then yes.", ["It was no.", "Then yes."]),
        ("You have 5. Then go.", ["You have 5.", "Then go."]),
        ("It ends with e.g.", ["It ends with e.g."]),
    ],
)
def test_abbreviations_and_numbers_of_items_end_no_sentence(
    text: str, sentences: list[str], size: int
) -> None:
    assert split(*(text[at : at + size] for at in range(0, len(text), size))) == sentences


def test_the_first_clause_of_a_list_has_its_number() -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("1. Boil the water well, then") == ["1. Boil the water well,"]
    assert splitter.pending == "then"


def test_a_formula_is_not_divided_into_clauses() -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("We know that $x = 5, y = 3") == []
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("We know that $x = 5$, which") == ["We know that $x = 5$,"]
