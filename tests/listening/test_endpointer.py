"""Endpointing always ends, and ends for the right reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.listening.endpointer import RATE, Endpointer, Verdict
from satellite.settings import ListenSettings

FRAME = 512
SETTINGS = ListenSettings()


def frames(seconds: float) -> int:
    return round(seconds * RATE / FRAME)


def run(
    *parts: tuple[float, float], settings: ListenSettings = SETTINGS
) -> tuple[list[Verdict], Endpointer]:
    """Push (probability, seconds) parts until a verdict ends the utterance."""
    endpointer = Endpointer(settings, FRAME)
    verdicts = []
    for probability, seconds in parts:
        for _ in range(frames(seconds)):
            verdict = endpointer.push(probability)
            if verdict is not Verdict.GO_ON:
                verdicts.append(verdict)
            if verdict in (Verdict.ENDED, Verdict.NOTHING):
                return verdicts, endpointer
    return verdicts, endpointer


def seconds(samples: int) -> float:
    return samples / RATE


def test_a_command_starts_and_ends_with_its_voice() -> None:
    verdicts, endpointer = run((0, 1.0), (1, 2.0), (0, 5.0))
    assert verdicts == [Verdict.STARTED, Verdict.ENDED]
    assert seconds(endpointer.voice_start) == pytest.approx(1.0, abs=0.04)
    assert seconds(endpointer.voice_end) == pytest.approx(3.0, abs=0.04)


def test_the_end_is_decided_one_silence_after_the_voice() -> None:
    endpointer = Endpointer(SETTINGS, FRAME)
    for _ in range(frames(2.0)):
        endpointer.push(1.0)
    silent = 0
    while endpointer.push(0.0) is not Verdict.ENDED:
        silent += 1
    assert SETTINGS.silence <= (silent + 1) * FRAME / RATE < SETTINGS.silence + FRAME / RATE


def test_an_utterance_without_speech_ends() -> None:
    verdicts, _ = run((0, 60))
    assert verdicts == [Verdict.NOTHING]


def test_the_tail_of_the_wake_word_is_not_a_command() -> None:
    verdicts, _ = run((1, 0.3), (0, 60))
    assert verdicts == [Verdict.NOTHING]


def test_a_command_after_a_pause_is_awaited_although_the_wake_word_had_a_tail() -> None:
    verdicts, endpointer = run((1, 0.3), (0, 1.5), (1, 1.0), (0, 5))
    assert verdicts == [Verdict.STARTED, Verdict.ENDED]
    assert seconds(endpointer.voice_start) == pytest.approx(1.8, abs=0.05)


def test_a_command_said_in_one_breath_with_the_wake_word() -> None:
    verdicts, _ = run((1, 1.5), (0, 5))
    assert verdicts == [Verdict.STARTED, Verdict.ENDED]


def test_a_click_is_not_a_command() -> None:
    verdicts, _ = run((0, 1), (1, 0.1), (0, 60))
    assert verdicts == [Verdict.NOTHING]


def test_a_short_pause_within_a_command_does_not_end_it() -> None:
    verdicts, endpointer = run((0, 0.5), (1, 0.5), (0, 0.5), (1, 0.5), (0, 5))
    assert verdicts == [Verdict.STARTED, Verdict.ENDED]
    assert seconds(endpointer.voice_end) == pytest.approx(2.0, abs=0.05)


def test_field_3_endless_noise_ends_at_the_maximum() -> None:
    verdicts, _ = run((0.9, 600))
    assert verdicts == [Verdict.STARTED, Verdict.ENDED]


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=40),
    st.floats(0.1, 3),
    st.floats(1, 20),
    st.floats(0.5, 30),
)
def test_it_always_ends(
    pattern: list[float], silence: float, maximum: float, nothing_said: float
) -> None:
    settings = ListenSettings(silence=silence, maximum=maximum, nothing_said=nothing_said)
    endpointer = Endpointer(settings, FRAME)
    for count in range(frames(maximum) + 2):
        verdict = endpointer.push(pattern[count % len(pattern)])
        if verdict in (Verdict.ENDED, Verdict.NOTHING):
            assert endpointer.voice_start <= endpointer.voice_end <= (count + 1) * FRAME
            return
    pytest.fail("did not end within its maximum")
