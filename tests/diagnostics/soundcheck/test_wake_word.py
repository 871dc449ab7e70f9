"""The judgement of a wake word's score."""

from __future__ import annotations

from satellite.diagnostics.soundcheck.wake_word import Score, judge, sensitive

WORD = "openwakeword:okay_nabu"


def test_a_score_is_judged_by_the_threshold() -> None:
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.9)).state == "ok"
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.6)).state == "warning"
    low = judge(WORD, "okay nabu", Score("okay nabu", 0.3))
    assert (low.state, "'openwakeword:okay_nabu?threshold=0.21'" in low.remedy) == ("broken", True)
    assert judge("tcp://10.0.0.5:10400", "x", Score("x", 0.3)).state == "ok"


def test_engines_of_other_authors_are_left_as_they_are() -> None:
    assert sensitive("tcp://10.0.0.5:10400") == "tcp://10.0.0.5:10400"
    assert sensitive("strange:word") == "strange:word"
    assert sensitive(f"{WORD}?trigger_level=4") == (
        f"{WORD}?trigger_level=1&threshold=0.02&refractory=0"
    )
