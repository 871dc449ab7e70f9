"""Reasoning and tool syntax are never spoken, whatever the size of a model's pieces."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servers.llm.chat.spoken_stream import SpokenStream

HIDDEN = "SECRET"
PASSAGES = (
    f"<think>{HIDDEN}</think>",
    f"<THINK>\n{HIDDEN} < b\n</Think>",
    f"<thinking>{HIDDEN}<think></thinking>",
    f'<tool_call>{{"name": "{HIDDEN}"}}</tool_call>',
    f"<|python_tag|>{HIDDEN}()<|eom_id|>",
    f'[TOOL_CALLS] [{{"name": "{HIDDEN}"}}]\n',
    f"<think>{HIDDEN} </thin k></think>",
    f"<thought>{HIDDEN}</thought>",
    f"<reasoning>{HIDDEN}</reasoning>",
    f"<seed:think>{HIDDEN}</seed:think>",
    f"[THINK]{HIDDEN}[/THINK]",
    f"◁think▷{HIDDEN}◁/think▷",
    f"<|begin_of_thought|>{HIDDEN}<|end_of_thought|>",
    f"<|START_THINKING|>{HIDDEN}<|END_THINKING|>",
    f"<unused94>thought\n{HIDDEN}<unused95>",
    f"<|channel>thought\n{HIDDEN}<channel|>",
    f"<|channel|>analysis<|message|>{HIDDEN}<|end|><|start|>assistant<|channel|>final<|message|>",
    f"<|channel|>commentary<|message|>{HIDDEN}<|end|>",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|eot_id|>",
    "<|im_end|>",
    "<end_of_turn>",
    "</think>",
)
PLAIN = ("It is warm. ", "2 < 3, ", "a <b> ", "<thi", "<|", "<| |>", "[TOOL", "€ ", "ı<t", "\n")


def heard(*pieces: str) -> str:
    stream = SpokenStream()
    return "".join(map(stream.push, pieces)) + stream.flush()


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


texts = st.lists(st.sampled_from((*PASSAGES, *PLAIN)), max_size=8).map("".join)
places = st.lists(st.integers(0, 10_000), max_size=30)


@given(text=texts, places=places)
@example(text="<think>SECRET</think>yes", places=list(range(30)))
def test_the_size_of_pieces_makes_no_difference(text: str, places: list[int]) -> None:
    assert heard(*cut(text, places)) == heard(text)


@given(text=st.text(alphabet="<>|/thinkTHINK_ [OL]ıKſ\nab", max_size=60), places=places)
def test_the_size_of_pieces_makes_no_difference_to_any_marks(text: str, places: list[int]) -> None:
    assert heard(*cut(text, places)) == heard(text)


@given(passages=st.lists(st.sampled_from(PASSAGES), max_size=5), places=places)
def test_hidden_passages_are_never_spoken(passages: list[str], places: list[int]) -> None:
    text = "One." + " Two.".join(passages) + " Three."
    spoken = heard(*cut(text, places))
    assert HIDDEN not in spoken
    assert spoken.startswith("One.")
    assert spoken.endswith(" Three.")
    assert not [mark for mark in ("think", "|", "tool", "TOOL", "<", "final") if mark in spoken]


@given(text=st.text(alphabet=st.characters(exclude_characters="<[")), places=places)
def test_a_text_without_marks_is_spoken_unchanged(text: str, places: list[int]) -> None:
    assert heard(*cut(text, places)) == text.lstrip()


@pytest.mark.parametrize("passage", PASSAGES[:4])
def test_an_unclosed_passage_hides_the_rest(passage: str) -> None:
    assert heard("Yes. ", passage[: passage.index(HIDDEN)], "and more", " of it") == "Yes. "


def test_a_word_is_spoken_at_once() -> None:
    stream = SpokenStream()
    assert [stream.push(piece) for piece in ("\n", "Yes", " I", " <", "3 you")] == [
        "",
        "Yes",
        " I",
        " ",
        "<3 you",
    ]


def test_a_long_hidden_passage_is_not_stored() -> None:
    stream = SpokenStream()
    for _ in range(10_000):
        stream.push("<think>deep ")
    assert len(stream._pending) < 20  # noqa: SLF001  memory is not visible otherwise


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    "text",
    [
        f"{HIDDEN}. So {HIDDEN}.\n</think>\n\nHere.",
        f"{HIDDEN}[/THINK]Here.",
        f"{HIDDEN}</seed:think>Here.",
        f"{HIDDEN}<|end|><|start|>assistant<|channel|>final<|message|>Here.",
        f"analysisThe {HIDDEN}.assistantfinalHere.",
        f"Here is my thought process: {HIDDEN} Here is my response: Here.",
    ],
)
def test_reasoning_without_its_opening_is_not_spoken_of_a_model_that_is_held(
    text: str, size: int
) -> None:
    stream = SpokenStream(hold=math.inf)
    pieces = ["", *(text[at : at + size] for at in range(0, len(text), size))]
    assert "".join(map(stream.push, pieces)).strip() + stream.flush() == "Here."


def test_held_text_is_spoken_at_the_end_or_after_its_time() -> None:
    now = 0.0
    stream = SpokenStream(hold=1.0, clock=lambda: now)
    assert stream.push("One ") == ""
    now = 0.9
    assert stream.push("two ") == ""
    now = 1.0
    assert stream.push("three ") == "One two three "
    assert stream.push("four.") == "four."
    stream = SpokenStream(hold=math.inf)
    assert stream.push("One ") == ""
    assert stream.flush() == "One "


def test_a_model_that_writes_its_opening_mark_is_held_no_longer() -> None:
    stream = SpokenStream(hold=math.inf)
    assert stream.push("<think>") + stream.push(HIDDEN) + stream.push("</think>") == ""
    assert stream.push("Yes") == "Yes"
    stream = SpokenStream(hold=math.inf)
    stream.release()  # the server separates the reasoning
    assert stream.push("Yes") == "Yes"
