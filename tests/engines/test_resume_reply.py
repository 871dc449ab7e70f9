"""An answer that broke off goes on without a sentence being told twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.engines.resume_reply import GO_ON, Repeats, SpokenSoFar
from satellite.text.sentence_splitter import SentenceSplitter
from satellite.values import Action, Message, ReplyRequest

FIRST = "It is seven o'clock in the evening."
SECOND = "The sun has set."
THIRD = "Good night."


def told(repeats: Repeats, text: str, size: int = 3) -> str:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return ("".join(repeats.push(piece) for piece in pieces) + repeats.flush()).strip()


def test_what_is_no_whole_sentence_is_cut() -> None:
    said = SpokenSoFar()
    for piece in (FIRST, " The sun h", "as set. Good ni"):
        said.add(piece)
    assert said.cut() == f"{FIRST} {SECOND} "
    assert said.sentences == [FIRST, SECOND]
    said.add("Good night.")
    assert said.cut() == f"{FIRST} {SECOND} ", "the second writer died, too"


def test_the_continuation_contains_the_spoken_text() -> None:
    said = SpokenSoFar()
    said.add(f"{FIRST} The")
    said.cut()
    before = (Message(role="user", text="hello"),)
    asked = said.continuation(ReplyRequest(text="what time is it", history=before))
    assert asked.text == GO_ON
    assert [message.text for message in asked.history] == ["hello", "what time is it", FIRST]


def test_actions_are_remembered() -> None:
    said, timer = SpokenSoFar(), Action(name="timer.start", data={"seconds": 60})
    said.add(timer)
    assert said.anything
    assert said.did(Action(name="timer.start", data={"seconds": 60}))
    assert not said.did(Action(name="timer.start", data={"seconds": 61}))


@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        (f"{FIRST} {SECOND} {THIRD}", THIRD),
        (f"{SECOND} {THIRD}", THIRD),
        (THIRD, THIRD),
        (f"It is 7 o'clock in the evening. {THIRD}", THIRD),
        (f"{FIRST} {SECOND}", ""),
        (f"{THIRD} {FIRST}", f"{THIRD} {FIRST}"),
        ("", ""),
    ],
    ids=["all again", "the last again", "the rest", "a minute later", "no more", "new", "nothing"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_spoken_sentences_are_left_out_at_the_start(answer: str, rest: str, size: int) -> None:
    assert told(Repeats([FIRST, SECOND]), answer, size) == rest


@given(st.integers(0, 4), st.integers(1, 40))
def test_a_repeated_answer_is_spoken_from_where_it_broke_off(count: int, size: int) -> None:
    sentences = [FIRST, SECOND, "Nobody knows why.", "Ask me again tomorrow morning."]
    rest = told(Repeats(sentences[:count]), " ".join(sentences), size)
    splitter = SentenceSplitter()
    assert [*splitter.push(rest), *splitter.flush()] == sentences[count:]
