"""A sentence is as sure as its worst third of a second and its words on the whole."""

from __future__ import annotations

import math

import pytest

from servers.asr.confidence import THRESHOLD, Segment, confidence


def test_words_as_good_as_phonemes_are_sure() -> None:
    words = [Segment("stop", 0, 40, -0.04)]
    assert confidence(words, [Segment("_S", 0, 40, -0.04)]) == pytest.approx(0)


def test_one_wrong_word_decides() -> None:
    right, wrong = Segment("turn", 0, 180, -0.18), Segment("lamp", 180, 240, -0.36)
    phonemes = [Segment("_T", 0, 240, -0.24)]
    assert confidence([right, wrong], phonemes) == pytest.approx(-5 - 5 / 4)
    assert confidence([right, wrong], phonemes) < THRESHOLD


def test_words_that_fit_well_do_not_make_up_for_one_that_does_not() -> None:
    better, wrong = Segment("turn", 0, 180, 0.9), Segment("lamp", 180, 240, -0.36)
    assert confidence([better, wrong], [Segment("_T", 0, 240, -0.24)]) == pytest.approx(-5)


def test_a_small_loss_everywhere_is_worse_than_the_same_in_one_place() -> None:
    phonemes = [Segment("_T", 0, 240, -0.24)]
    everywhere = [Segment("turn", 0, 240, -0.96)]
    in_one_place = [Segment("turn", 0, 180, -0.18), Segment("on", 180, 240, -0.24)]
    assert confidence(everywhere, phonemes) == pytest.approx(-6)
    assert confidence(in_one_place, phonemes) == pytest.approx(-3 - 3 / 4)


def test_speech_that_is_called_silence_counts() -> None:
    words = [Segment("stop", 0, 40, -0.04), Segment("<sil>", 40, 100, -0.6)]
    assert confidence(words, [Segment("_S", 0, 100, -0.1)]) == pytest.approx(-9)


@pytest.mark.parametrize(
    "words", [[], [Segment("<sil>", 0, 90, -0.1)], [Segment("bye", 0, 6, -0.01)]]
)
def test_hardly_any_word_is_nothing(words: list[Segment]) -> None:
    assert confidence(words, [Segment("_S", 0, 90, -0.1)]) == -math.inf
