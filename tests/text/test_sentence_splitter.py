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
    text = "The lamp in the kitchen is on, the heater is off."
    assert splitter.push(text) == [text]
    assert splitter.flush() == []


@pytest.mark.parametrize(
    "first",
    [
        "Okay.",
        "Is that all?",
        "It is on.",
        "The timer is set for five minutes. ",
        "It is 10:30.",
        "I don't think that's right!",
        "The lamp in the kitchen is on,",
        "We'll see you in London.",
    ],
)
def test_the_first_piece_does_not_wait_for_the_next_word(first: str) -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    *begin, last = first.rstrip()
    assert [found for letter in begin for found in splitter.push(letter)] == []
    assert splitter.push(last) == [first.strip()]
    assert splitter.push(" And then. Some") == ["And then."]
    assert splitter.flush() == ["Some"]


@pytest.mark.parametrize(
    "first",
    [
        "It costs 3.",  # 50
        "Dr.",
        "Ask Prof.",
        "St.",
        "At 9 a.m.",
        "Milk, etc.",
        "He met Gen.",
        "Go to openAI.",  # com
        "See www.example.",
        "See /etc/hosts.",
        '"Stop!',
        "(It is on.",
        "It is **on.",
        "Well,",
        "It costs 1,",
        "We know that $x is small,",
    ],
)
def test_a_first_piece_that_may_go_on_waits(first: str) -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert [found for letter in first for found in splitter.push(letter)] == []


def test_an_ellipsis_may_go_on() -> None:
    assert SentenceSplitter(ENGLISH, early=True).push("Well...") == []


def test_without_a_list_of_abbreviations_the_next_word_is_waited_for() -> None:
    splitter = SentenceSplitter(early=True)
    assert splitter.push("Okay.") == []
    assert splitter.push(" Then") == ["Okay."]


def test_marks_behind_a_first_piece_belong_to_it() -> None:
    splitter = SentenceSplitter(ENGLISH, early=True)
    assert splitter.push("Is that all?") == ["Is that all?"]
    assert splitter.push("!") == []
    assert splitter.push(' "Yes" is right. No') == ['"Yes" is right.']
    assert splitter.flush() == ["No"]


def test_a_chinese_first_sentence_does_not_wait() -> None:
    splitter = SentenceSplitter(text_rules("zh"), early=True)
    assert splitter.push("好的") == []
    assert splitter.push("。") == ["好的。"]
    splitter = SentenceSplitter(text_rules("zh"), early=True)
    assert splitter.push("“好。") == []


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
