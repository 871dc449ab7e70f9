"""Voice by loudness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.builtin.vad.energy import EnergyVad
from tests.builtin.vad.test_vads import probabilities, share
from tests.support.speech import noise, silence, speak


def energy(**options: float) -> EnergyVad:
    """A detector."""
    return EnergyVad(EnergyVad.Options(**options))


def mixed(a: bytes, b: bytes) -> bytes:
    """Two sounds at once, as long as the shorter."""
    size = min(len(a), len(b))
    both = np.frombuffer(a[:size], "<i2").astype(int) + np.frombuffer(b[:size], "<i2")
    return np.clip(both, -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("level", [0.001, 0.01, 0.1])
def test_gets_used_to_steady_noise(level: float) -> None:
    vad = energy()
    found = probabilities(vad, noise(5, level))
    assert share(found[70:]) == 0


@pytest.mark.parametrize("level", [0.001, 0.005, 0.02])
def test_hears_speech_above_noise(level: float) -> None:
    vad = energy()
    probabilities(vad, noise(3, level))
    speech = speak("turn on the living room lamp")
    assert share(probabilities(vad, mixed(speech, noise(10, level, seed=1)))) > 0.4


def test_long_speech_is_not_taken_for_noise() -> None:
    vad = energy()
    probabilities(vad, silence(2))
    speech = speak("the quick brown fox jumps over the lazy dog and runs away into the woods")
    found = probabilities(vad, speech * 4)
    assert share(found[-100:]) > 0.5


def test_a_constant_offset_is_not_loud() -> None:
    offset = np.full(16000, 12000, "<i2").tobytes()
    assert share(probabilities(energy(), offset)) == 0


def test_margin_is_where_the_probability_is_a_half() -> None:
    frame = np.random.default_rng(0).normal(0, 1, 512)
    frame = (frame - frame.mean()) / frame.std()
    for margin in (6.0, 12.0):
        level = 10 ** ((-50 + margin) / 20)  # above the quiet room that is taken for granted
        audio = np.round(frame * level * 32768).astype("<i2").tobytes()
        assert energy(margin=margin).probability(audio) == pytest.approx(0.5, abs=0.02)


@given(st.binary(min_size=1024, max_size=1024))
def test_any_frame_has_a_probability(frame: bytes) -> None:
    assert 0 <= energy().probability(frame) <= 1
