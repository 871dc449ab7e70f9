"""The delay between speaker and microphone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.diagnostics.soundcheck.echo import Echo, find, judge, sweep
from tests.support.speech import noise, silence

RATE = 16000


def room(delay: float, gain: float, level: float, began: int) -> bytes:
    """Return a noisy recording with the sweep `delay` seconds after sample `began`."""
    samples = np.frombuffer(noise(2.5, level=level), "<i2").astype(float)
    at = began + round(delay * RATE)
    wave = sweep()
    samples[at : at + len(wave)] += gain * wave * 32767
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


@given(
    delay=st.floats(0, 1.2),
    gain=st.floats(0.02, 1),
    began=st.integers(0, 8000),
)
def test_the_delay_is_found_in_a_noisy_room(delay: float, gain: float, began: int) -> None:
    found = find(room(delay, gain, 0.01, began), began)
    assert found is not None
    assert found.delay == pytest.approx(delay, abs=0.001)


@given(seed=st.integers(0, 1000))
def test_noise_has_no_echo(seed: int) -> None:
    assert find(noise(2.5, level=0.05, seed=seed), 4000) is None


def test_silence_and_short_recordings_have_no_echo() -> None:
    assert find(silence(2.5), 4000) is None
    assert find(b"", 0) is None


def test_a_long_delay_is_a_warning() -> None:
    assert judge(Echo(0.08, 20)).state == "ok"
    assert judge(Echo(0.6, 20)).state == "warning"
    assert judge(None).state == "note"
