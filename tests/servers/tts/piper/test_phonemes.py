"""Phonemes of a very long sentence are worked on in parts."""

from __future__ import annotations

import pytest

from servers.tts.piper.phonemes import MOST, parts_of


@pytest.mark.parametrize("text", ["", "hello", "x" * MOST])
def test_a_usual_sentence_stays_whole(text: str) -> None:
    assert list(parts_of(list(text))) == ([list(text)] if text else [])


def test_a_very_long_one_is_cut_between_words_and_loses_nothing() -> None:
    text = list("eks nain " * 200)
    parts = list(parts_of(text))
    assert [phoneme for part in parts for phoneme in part] == text
    assert max(map(len, parts)) <= MOST
    assert all(part[-1] == " " for part in parts)
    assert len(parts) == 8


def test_a_word_without_end_is_cut_anywhere() -> None:
    parts = list(parts_of(["a"] * (2 * MOST + 5)))
    assert list(map(len, parts)) == [MOST, MOST, 5]
