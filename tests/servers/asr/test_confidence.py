"""A sentence is as sure as its worst third of a second."""

from __future__ import annotations

import math

import pytest

from servers.asr.confidence import Segment, confidence


def test_words_as_good_as_phonemes_are_sure() -> None:
    words = [Segment("stop", 0, 40, -0.04)]
    assert confidence(words, [Segment("_S", 0, 40, -0.04)]) == pytest.approx(0)


def test_one_wrong_word_decides() -> None:
    right, wrong = Segment("turn", 0, 60, -0.06), Segment("lamp", 60, 120, -0.36)
    phonemes = [Segment("_T", 0, 120, -0.12)]
    assert confidence([right, wrong], phonemes) == pytest.approx(-5)


def test_speech_that_is_called_silence_counts() -> None:
    words = [Segment("stop", 0, 40, -0.04), Segment("<sil>", 40, 100, -0.6)]
    assert confidence(words, [Segment("_S", 0, 100, -0.1)]) == pytest.approx(-9)


@pytest.mark.parametrize(
    "words", [[], [Segment("<sil>", 0, 90, -0.1)], [Segment("bye", 0, 6, -0.01)]]
)
def test_hardly_any_word_is_nothing(words: list[Segment]) -> None:
    assert confidence(words, [Segment("_S", 0, 90, -0.1)]) == -math.inf
