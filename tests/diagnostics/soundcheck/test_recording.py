"""The judgement of a recording: silence, loudness, offset, losses and sample rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.diagnostics.soundcheck.recording import (
    TrialRecording,
    judge_level,
    judge_rate,
    measured_rate,
)
from satellite.values import SPEECH
from tests.support.speech import noise, silence


def sample(audio: bytes, overruns: int = 0) -> TrialRecording:
    return TrialRecording(
        form=SPEECH, audio=audio, times=(0.0, 1.0), frames=(0, 16000), overruns=overruns
    )


def test_a_quiet_microphone_and_a_loud_room_are_reported() -> None:
    (faint,) = judge_level(sample(noise(1.0, level=0.00005)))
    assert (faint.state, faint.found[:10]) == ("warning", "very quiet")
    (loud,) = judge_level(sample(noise(1.0, level=0.1)))
    assert loud.state == "note"
    (usual,) = judge_level(sample(noise(1.0, level=0.003)))
    assert usual.state == "ok"


def test_an_offset_and_lost_samples_are_reported() -> None:
    shifted = (np.frombuffer(noise(1.0, level=0.003), "<i2") + 3000).astype("<i2").tobytes()
    texts = [
        finding.found for finding in judge_level(sample(shifted, overruns=3)) if finding.remedy
    ]
    assert texts[-2:] == ["offset of 9%", "samples were lost 3 times in 1 s"]
    assert "lost once in" in judge_level(sample(shifted, overruns=1))[-1].found


def test_of_digital_silence_nothing_else_is_reported() -> None:
    (found,) = judge_level(sample(silence(1.0), overruns=3))
    assert found.state == "broken"


@given(
    rate=st.sampled_from([8000, 16000, 44100, 48000]),
    jitter=st.lists(st.floats(0, 0.03), min_size=125, max_size=125),
    burst=st.integers(0, 8),
)
def test_the_rate_is_measured_through_jitter_and_a_first_burst(
    rate: int, jitter: list[float], burst: int
) -> None:
    """Four seconds in chunks of 32 ms, up to 30 ms late, some in a burst at first."""
    times = [max(0.032 * (n - burst), 0) + late for n, late in enumerate(jitter)]
    times = list(np.maximum.accumulate(times))
    frames = [round(0.032 * rate * (n + 1)) for n in range(len(times))]
    assert measured_rate(times, frames) == pytest.approx(rate, rel=0.015)


@pytest.mark.parametrize(
    ("rate", "seconds", "state"),
    [(16150, 4, "ok"), (16150, 60, "warning"), (16010, 60, "ok"), (17400, 4, "broken")],
)
def test_a_longer_recording_shows_a_smaller_drift(rate: int, seconds: int, state: str) -> None:
    chunks = range(1, round(seconds / 0.032))
    taken = TrialRecording(
        form=SPEECH,
        audio=b"",
        times=tuple(0.032 * n for n in chunks),
        frames=tuple(round(0.032 * rate * n) for n in chunks),
        overruns=0,
    )
    (found,) = judge_rate("alsa:plughw:1,0", taken)
    assert found.state == state
    assert found.remedy or state == "ok"


def test_too_few_chunks_have_no_rate() -> None:
    assert measured_rate([], []) is None
    assert measured_rate([0.0, 0.6], [100, 200]) is None
