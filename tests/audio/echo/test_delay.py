"""The delay of an echo, in noise and under speech."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.audio.echo.delay import MOST, WINDOW, find_delay
from tests.support.acoustics import at_level, heard, response, room_noise, samples
from tests.support.speech import speak

REPLY = samples(speak("The weather will be fine tomorrow, with a little wind.", "en-us", 160))
PLAYED = np.concatenate((np.zeros(MOST), REPLY))[: MOST + WINDOW].astype(np.float32)


def echo(delay: int, level: float) -> np.ndarray:
    late = np.concatenate((np.zeros(delay), PLAYED))[: len(PLAYED)]
    return at_level(heard(late, response(0.3, 0.3)), level)[-WINDOW:]


@pytest.mark.parametrize("delay", [0, 77, 1600, 7000])
@pytest.mark.parametrize("level", [-20.0, -45.0])
def test_the_echo_is_found(delay: int, level: float) -> None:
    found = find_delay((echo(delay, level) + room_noise(0.75, -60)).astype(np.float32), PLAYED)
    assert found.samples == pytest.approx(delay, abs=1)
    assert found.clarity > 10


def test_a_louder_voice_does_not_hide_the_echo() -> None:
    voice = at_level(samples(speak("okay nabu, turn on the lamp"))[:WINDOW], -20)
    found = find_delay((echo(1600, -26) + voice).astype(np.float32), PLAYED)
    assert found.samples == pytest.approx(1600, abs=1)
    assert found.clarity > 8


@pytest.mark.parametrize("seed", range(5))
def test_without_an_echo_none_stands_out(seed: int) -> None:
    voice = samples(speak("turn on the living room lamp", "en-gb"))[:WINDOW]
    noise = room_noise(0.75, -50, seed)
    assert find_delay(noise.astype(np.float32), PLAYED).clarity < 9
    assert find_delay((voice + noise).astype(np.float32), PLAYED).clarity < 14


def test_sounds_cut_at_the_same_moment_are_no_echo_of_each_other() -> None:
    """A quarter of a second after a reply has begun, both end in the middle of different vowels."""
    moments = np.arange(WINDOW + MOST) / 16000
    played, other = (10000 * np.sin(2 * np.pi * pitch * moments) for pitch in (120.3, 201.7))
    played *= np.clip((moments - moments[-4160]) / 0.1, 0, 1)  # both begin softly
    other *= np.clip((moments - moments[-2560]) / 0.1, 0, 1)
    hears = 0.05 * other[-WINDOW:] + np.concatenate((np.zeros(7840), room_noise(0.26, -80)))
    assert find_delay(hears.astype(np.float32), played.astype(np.float32)).clarity < 16


def test_played_silence_has_no_delay() -> None:
    nothing = np.zeros(WINDOW + MOST, np.float32)
    assert find_delay(np.ones(WINDOW, np.float32), nothing).clarity == 0.0
    assert find_delay(nothing[:WINDOW], nothing).clarity == 0.0
