"""Two clocks: their drift is learned from delays, and what was played is read by it."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.audio.echo.clocks import Clocks
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH
from tests.support.acoustics import pcm


def test_a_drift_is_learned_from_delays_that_grow() -> None:
    clocks = Clocks(PlaybackReference())
    for second in range(4):
        clocks.note(second * 16000, 1600 + 0.8 * second + 0.1 * (-1) ** second)
    assert clocks.drift == pytest.approx(5e-5, rel=0.2)


@pytest.mark.parametrize(
    "delays",
    [(1600.0, 1700.0, 1600.0, 1700.0), (1600.0, 1900.0, 2200.0, 2500.0), (1600.0, 1601.0)],
    ids=["to and fro", "no crystal", "too few"],
)
def test_delays_that_jump_are_no_drift(delays: tuple[float, ...]) -> None:
    clocks = Clocks(PlaybackReference())
    for second, delay in enumerate(delays):
        clocks.note(second * 16000, delay)
    assert clocks.drift == 0


def test_learning_a_drift_moves_nothing_at_that_moment() -> None:
    clocks = Clocks(PlaybackReference())
    clocks.align(1300.0, 0)
    for second in range(3):
        clocks.note(second * 16000, 1600 + 0.8 * second)
    assert clocks.offset(32000) == pytest.approx(1300, abs=0.01)
    assert clocks.offset(48000) == pytest.approx(1300.8, abs=0.01)


@pytest.mark.parametrize("offset", [700.0, 700.25, 700.5, 700.9])
def test_what_was_played_between_two_samples(offset: float) -> None:
    """As exact as 16-bit samples at a frequency that speech has."""
    reference = PlaybackReference()
    wave = lambda moment: 8000 * np.sin(2 * np.pi * 1500 / 16000 * moment)  # noqa: E731
    reference.played(pcm(wave(np.arange(16000))), SPEECH)
    clocks = Clocks(reference)
    clocks.drift = 1e-5
    clocks.align(offset, 5000)
    expected = wave(5000 - offset + np.arange(512))
    assert np.abs(clocks.played(5000, 512) - expected).max() < 0.02 * 8000
