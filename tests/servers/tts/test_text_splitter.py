"""Long texts are divided where a speaker would breathe, without loss."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from servers.tts.text_splitter import split_text

TEXTS = st.text(st.sampled_from("abc 1,.!?…;:\n、。😀\0-'\""), max_size=300)


@given(TEXTS, st.integers(1, 20), st.integers(1, 40))
def test_pieces_are_short_and_contain_all_audible_text(text: str, first: int, most: int) -> None:
    found = list(split_text(text, first, most))
    assert all(len(piece) <= (most if index else first) for index, piece in enumerate(found))
    assert [c for c in "".join(found) if c.isalnum()] == [c for c in text if c.isalnum()]
    rest = text
    for piece in found:  # the pieces are in order and do not overlap
        _, _, rest = rest.partition(piece)


def test_cuts_at_the_last_sentence_then_clause_then_word_then_anywhere() -> None:
    assert list(split_text("One two. Three four. Five six", 22, 50)) == [
        "One two. Three four. ",
        "Five six",
    ]
    assert list(split_text("One two, three four", 14, 50)) == ["One two, ", "three four"]
    assert list(split_text("One two three four", 14, 50)) == ["One two three ", "four"]
    assert list(split_text("abcdefghij", 4, 5)) == ["abcd", "efghi", "j"]
    assert list(split_text("It costs 1,000.50 euros", 16, 50)) == ["It costs ", "1,000.50 euros"]


def test_pieces_of_only_punctuation_are_dropped() -> None:
    for text in ("", " ", "...", "?! -- \n", "\0\0", "。、", "\ud800"):
        assert list(split_text(text)) == []
    assert list(split_text("5 %")) == ["5 %"]


def test_a_long_text_is_split_lazily() -> None:
    long = split_text("word " * 200_000)
    assert [len(next(long)) for _ in range(3)] == [95, 295, 295]
