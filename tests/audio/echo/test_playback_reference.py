"""The played sound on the microphone's clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.echo.playback_reference import AHEAD, HISTORY, LATE_STOP, PlaybackReference
from satellite.values import SPEECH, AudioFormat
from tests.support.sound import pitch, tone


def ones(count: int, value: int = 1) -> bytes:
    return np.full(count, value, "<i2").tobytes()


def test_a_sound_begins_at_its_handover_and_has_no_gap() -> None:
    reference = PlaybackReference()
    reference.advance(1000)
    reference.played(ones(1600), SPEECH)
    reference.advance(512)
    reference.played(ones(1600, 2), SPEECH)
    assert (reference.end, reference.sounds) == (4200, 1)
    assert reference.take(990, 20) == bytes(20) + ones(10)
    assert reference.take(2590, 20) == ones(10) + ones(10, 2)
    assert reference.take(4190, 20) == ones(10, 2) + bytes(20)


def test_after_silence_a_new_sound_begins() -> None:
    reference = PlaybackReference()
    reference.played(ones(100), SPEECH)
    reference.advance(5000)
    reference.played(ones(100), SPEECH)
    assert (reference.end, reference.sounds) == (5100, 1 + 1)
    assert reference.take(4990, 20) == bytes(20) + ones(10)


def test_any_format_is_stored_at_16_khz() -> None:
    reference = PlaybackReference()
    form = AudioFormat(48000, 2)
    sound = tone(700, 0.5, 48000, 2)
    for start in range(0, len(sound), 19200):
        reference.played(sound[start : start + 19200], form)
    reference.finished()
    assert reference.end == pytest.approx(8000, abs=8)
    assert pitch(reference.take(0, 8000)) == pytest.approx(700, abs=10)


@pytest.mark.parametrize(("delay", "remaining"), [(None, 3000), (1600, 1400)])
def test_samples_that_were_not_due_at_a_stop_are_dropped(delay: int | None, remaining: int) -> None:
    reference = PlaybackReference()
    reference.delay = delay
    reference.played(ones(16000), SPEECH)
    reference.advance(3000)
    reference.silenced()
    assert reference.end == remaining + LATE_STOP
    reference.advance(32000)
    reference.silenced()
    assert reference.end == remaining + LATE_STOP


@given(st.lists(st.tuples(st.integers(0, 30000), st.integers(0, 30000)), max_size=40))
def test_it_stores_its_history_and_no_more(steps: list[tuple[int, int]]) -> None:
    reference, line = PlaybackReference(), np.zeros(2_000_000, "<i2")
    for number, (heard, played) in enumerate(steps, 1):
        reference.advance(heard)
        begin = max(reference.end, reference.now)
        reference.played(ones(played, number), SPEECH)
        line[begin : min(begin + played, reference.now + AHEAD)] = number
        start = max(0, reference.now - HISTORY)
        count = reference.now + AHEAD - start
        if played:
            assert reference.take(start, count) == line[start : start + count].tobytes()
        assert len(reference._audio) // 2 <= 2 * HISTORY + AHEAD + 60000  # noqa: SLF001
