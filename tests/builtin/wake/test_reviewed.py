"""Answers of people move the thresholds of wake words within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.reviewed import (
    BOUND,
    MOST_ANSWERED,
    MOST_WORDS,
    Answer,
    Reviewed,
    reviewed_store,
)
from satellite.builtin.wake.trigger import NEAR_MISS
from satellite.builtin.wake.two_stage import TwoStage
from satellite.ports import EngineContext
from tests.builtin.wake.feeding import detections, spoken


def missed(recording: str, spoken: bool = True, word: str = "okay_nabu") -> Answer:
    return Answer(recording, word, near_miss=True, spoken=spoken)


def woke(recording: str, spoken: bool = False, word: str = "okay_nabu") -> Answer:
    return Answer(recording, word, near_miss=False, spoken=spoken)


def test_a_review_moves_a_word_by_one_step() -> None:
    lower = Reviewed().after([missed("a"), missed("b"), missed("c")])
    assert lower.steps == {"okay nabu": -1}
    assert 0.25 < lower.threshold("okay_nabu", 0.5) < 0.5
    higher = Reviewed().after([woke("a")])
    assert higher.steps == {"okay nabu": 1}
    assert 0.5 < higher.threshold("okay_nabu", 0.5) < 0.75
    assert higher.threshold("hey_jarvis", 0.5) == 0.5


def test_answers_that_agree_with_the_engine_or_cancel_out_move_nothing() -> None:
    for answers in (
        [missed("a", spoken=False), woke("b", spoken=True)],
        [missed("a"), woke("b")],
    ):
        reviewed = Reviewed().after(answers)
        assert reviewed.steps == {}
        assert reviewed.answered == ("a", "b")
        assert reviewed.threshold("okay_nabu", 0.3) == 0.3


def test_thresholds_stay_within_bounds() -> None:
    lower = higher = Reviewed()
    for number in range(BOUND + 3):
        lower = lower.after([missed(f"{number}")])
        higher = higher.after([woke(f"{number}")])
    for usual in (0.1, 0.5, 0.97):
        assert lower.threshold("okay_nabu", usual) == pytest.approx(NEAR_MISS * usual)
        assert higher.threshold("okay_nabu", usual) == pytest.approx(usual**0.5)
    assert lower.after([woke("x")]).steps == {"okay nabu": 1 - BOUND}


def test_the_latest_review_can_be_undone_once() -> None:
    first = Reviewed().after([missed("a")])
    second = first.after([woke("b"), missed("c", word="alexa")])
    undone = second.undone()
    assert undone is not None
    assert (undone.steps, undone.answered) == (first.steps, first.answered)
    assert undone.undone() is None
    assert Reviewed().undone() is None


def test_spellings_and_versions_of_a_word_are_one_word() -> None:
    reviewed = Reviewed().after([missed("a", word="ok_nabu_v0.1"), missed("b", word="hey_jarvis")])
    assert reviewed.threshold("okay_nabu", 0.5) < 0.5
    assert reviewed.step("hey_jarvis_v0.1") == -1


def test_what_is_stored_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    words = [missed(f"{number}", word=f"word{number}x") for number in range(MOST_ANSWERED + 5)]
    strange = [missed("x", word="x" * 101), missed("y", word="")]
    assert Reviewed().after(strange).steps == {}
    reviewed = Reviewed().after(words)
    assert len(reviewed.answered) == MOST_ANSWERED
    assert len(reviewed.steps) == MOST_WORDS
    store = reviewed_store("den")
    store.write(reviewed)
    assert store.read() == reviewed
    assert store.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", [OpenWakeWord, TwoStage, MicroWakeWord])
async def test_engines_use_the_thresholds_of_their_satellite(
    kind: type[OpenWakeWord | TwoStage | MicroWakeWord],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """With a threshold of 1, and half of it."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    lower = Reviewed().after([missed("a")]).after([missed("b")])
    reviewed_store("den").write(lower)
    heard = {}
    for satellite in ("attic", "den"):
        engine = kind(
            kind.Options(threshold=1.0),  # type: ignore[arg-type]
            EngineContext(satellite=satellite),
        )
        try:
            heard[satellite] = len(await detections(engine, spoken("okay nabu")))
        finally:
            await engine.close()
    assert heard == {"attic": 0, "den": 1}
