"""The level of a voice: even between sentences, and never beyond full scale."""

from __future__ import annotations

import numpy as np
import pytest

from servers.tts.piper.level import SLOPE, USUAL, Level

RATE = 22050


def tone(peak: float, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * 200 * time)).astype(np.float32)


def heard(level: Level, *peaks: float) -> list[np.ndarray]:
    """Return the parts of a sentence as they are heard."""
    sentence = level.sentence()
    parts = [sentence.apply(tone(peak)) for peak in peaks]
    sentence.finish()
    return parts


def test_a_loud_first_sentence_is_at_full_scale() -> None:
    (only,) = heard(Level(), 0.7)
    assert np.abs(only).max() == pytest.approx(1.0, abs=0.01)


def test_later_sentences_have_the_level_of_the_voice() -> None:
    level = Level()
    heard(level, 0.2)
    assert level.peak == pytest.approx(0.2, abs=0.001)
    (same,) = heard(level, 0.2)
    assert np.abs(same).max() == pytest.approx(1.0, abs=0.01)
    (quieter,) = heard(level, 0.1)
    assert np.abs(quieter).max() == pytest.approx(0.5, abs=0.01)
    for _ in range(60):
        heard(level, 0.1)
    (now_usual,) = heard(level, 0.1)
    assert np.abs(now_usual).max() > 0.95


def test_a_sentence_that_becomes_louder_is_turned_down_without_a_click() -> None:
    level = Level()
    heard(level, 0.3)
    before, after = heard(level, 0.3, 0.6)
    assert np.abs(before).max() == pytest.approx(1.0, abs=0.01)
    assert np.abs(after).max() <= 1.0
    assert np.abs(after[SLOPE:]).max() == pytest.approx(1.0, abs=0.01)
    steps = np.abs(np.diff(np.concatenate([before, after])))
    assert steps.max() < 2 * 2 * np.pi * 200 / RATE, "steeper than twice the tone itself"


def test_silence_is_not_amplified_and_changes_nothing() -> None:
    level = Level()
    (silence,) = heard(level, 0.0001)
    assert np.abs(silence).max() < 0.001
    assert level.peak == 0.0
    (nothing,) = heard(level, 0.0)
    assert not nothing.any()
    assert len(Level().sentence().apply(np.zeros(0, np.float32))) == 0
    (quiet,) = heard(level, USUAL / 2)
    assert np.abs(quiet).max() == pytest.approx(0.5, abs=0.01)
