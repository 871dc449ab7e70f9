"""A sound is recognized by its loudness alone."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.listening.envelope import likeness
from tests.support.acoustics import heard, pcm, response, room_noise, samples
from tests.support.speech import silence, speak

REPLY = samples(speak("The weather will be fine tomorrow, with a little wind.", "en-us", 160))


@pytest.mark.parametrize("late", [0, 320, 1600, 4000])
def test_an_echo_is_like_the_played_sound(late: int) -> None:
    part = REPLY[8000:28000]
    echo = 0.05 * heard(np.pad(part, (0, 0)), response(0.3, 0.3))
    echo += room_noise(2.0, -62)[: len(echo)]
    assert likeness(pcm(echo), pcm(REPLY[8000 - late : 32000])) > 0.8


@pytest.mark.parametrize("words", ["stop", "cancel", "never mind", "be quiet"])
@pytest.mark.parametrize("voice", ["en-us+m3", "en-gb"])
def test_another_voice_is_not_like_the_played_sound(words: str, voice: str) -> None:
    person = samples(silence(0.25) + speak(words, voice) + silence(0.4))
    person += room_noise(3.0, -62)[: len(person)]
    for start in range(0, len(REPLY) - len(person) - 2000, 6000):
        assert likeness(pcm(person), pcm(REPLY[start : start + len(person) + 2000])) < 0.7


def test_silence_and_too_little_are_like_nothing() -> None:
    voice = pcm(REPLY[:16000])
    assert likeness(voice, silence(2.0)) == 0.0
    assert likeness(voice, b"") == 0.0
    assert likeness(b"", voice) == 0.0
    assert likeness(voice, voice[:8000]) == 0.0
    assert likeness(silence(0.5), voice) == 0.0
