"""Confidence depends on the worst third of a second and on all words."""

from __future__ import annotations

import math

import pytest

from servers.asr.sphinx.confidence import THRESHOLD, Segment, confidence

USUAL = -5.5
"""Score, in thousandths, of a frame that phonemes explain as well as usual."""


def segment(word: str, start: int, end: int, loss: float) -> Segment:
    """Return a word that is worse than phonemes by `loss` in each frame."""
    return Segment(word, start, end, (end - start) * (USUAL - loss) / 1000)


def judged(*words: Segment) -> float:
    return confidence(words, [segment("_T", 0, words[-1].end, 0)])


def test_words_that_fit_as_well_as_phonemes_have_full_confidence() -> None:
    assert judged(segment("stop", 0, 40, 0)) == pytest.approx(0)


def test_one_wrong_word_lowers_the_confidence() -> None:
    sure = judged(segment("turn", 0, 180, 0), segment("lamp", 180, 240, 5))
    assert sure == pytest.approx(-5 - 5 / 4)
    assert sure < THRESHOLD


def test_words_that_fit_well_do_not_make_up_for_one_that_does_not() -> None:
    assert judged(segment("turn", 0, 180, -6), segment("lamp", 180, 240, 5)) == pytest.approx(-5)


def test_a_small_loss_everywhere_is_worse_than_the_same_in_one_place() -> None:
    assert judged(segment("turn", 0, 240, 3)) == pytest.approx(-6)
    assert judged(segment("turn", 0, 180, 0), segment("on", 180, 240, 3)) == pytest.approx(-3.75)


def test_a_voice_that_even_phonemes_fit_badly_may_lose_more() -> None:
    def of_voice(badness: float) -> float:
        word = Segment("stop", 0, 40, 40 * (USUAL - 3 - badness) / 1000)
        return confidence([word], [Segment("_T", 0, 40, 40 * (USUAL - badness) / 1000)])

    assert of_voice(1) == pytest.approx(of_voice(0) + 0.5)
    assert of_voice(-1) == pytest.approx(of_voice(0) - 0.5)


def test_speech_recognized_as_silence_counts() -> None:
    assert judged(segment("stop", 0, 40, 0), segment("<sil>", 40, 100, 9)) == pytest.approx(-9)


@pytest.mark.parametrize(
    "words", [[], [Segment("<sil>", 0, 90, -0.1)], [Segment("bye", 0, 6, -0.01)]]
)
def test_too_few_words_have_no_confidence(words: list[Segment]) -> None:
    assert confidence(words, [Segment("_S", 0, 90, -0.1)]) == -math.inf
