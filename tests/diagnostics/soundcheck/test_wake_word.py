"""The judgement of a wake word's score."""

from __future__ import annotations

import pytest

from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from satellite.diagnostics.soundcheck.wake_word import Score, judge, sensitive, threshold_of

WORD = "openwakeword:okay_nabu"


def test_a_score_is_judged_by_the_threshold() -> None:
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.9)).state == "ok"
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.6)).state == "warning"
    low = judge(WORD, "okay nabu", Score("okay nabu", 0.3))
    assert (low.state, "'openwakeword:okay_nabu?threshold=0.21'" in low.remedy) == ("broken", True)
    assert judge("tcp://10.0.0.5:10400", "x", Score("x", 0.3)).state == "ok"


@pytest.mark.parametrize("kind", [OpenWakeWord, TwoStage])
def test_a_score_is_judged_by_the_threshold_of_the_engine(
    kind: type[OpenWakeWord | TwoStage],
) -> None:
    assert threshold_of(kind.name) == kind.Options().threshold


@pytest.mark.parametrize("score", [0.02, 0.05, 0.09])
def test_the_default_engine_is_made_to_hear_a_score_that_was_too_low(score: float) -> None:
    remedy = judge("two-stage", "okay nabu", Score("okay nabu", score)).remedy
    threshold = threshold_of(remedy.partition("'")[2].partition("'")[0])
    assert threshold is not None
    assert 0 < threshold < score


def test_the_default_engine_is_set_to_report_low_scores_of_proposed_words_only() -> None:
    assert sensitive("two-stage:okay_nabu") == "two-stage:okay_nabu?threshold=0.02&refractory=0"


def test_engines_of_other_authors_are_left_as_they_are() -> None:
    assert sensitive("tcp://10.0.0.5:10400") == "tcp://10.0.0.5:10400"
    assert sensitive("strange:word") == "strange:word"
    assert sensitive(f"{WORD}?trigger_level=4") == (
        f"{WORD}?trigger_level=1&threshold=0.02&refractory=0"
    )
