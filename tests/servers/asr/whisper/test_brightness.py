"""The high frequencies of voices in the room, and of voices behind a wall."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from servers.asr.whisper.brightness import RATE, UNKNOWN, brightness
from servers.asr.whisper.quality import BEHIND_A_WALL, MUFFLED
from tests.support import acoustics
from tests.support.nonspeech import nonspeech
from tests.support.speech import speak

Sound = npt.NDArray[np.float64]

REQUEST = "set a timer for ten minutes"


def spoken(text: str, voice: str = "en-us") -> Sound:
    """Return speech within silence, -1 to 1."""
    pause = np.zeros(RATE // 2)
    return np.concatenate([pause, acoustics.samples(speak(text, voice)) / 32768, pause])


def measured(sound: Sound) -> float:
    return brightness(sound.astype(np.float32))


def noisy(sound: Sound, level: float) -> Sound:
    """Return a sound in a room whose noise has a level in dBFS."""
    noise = acoustics.room_noise(len(sound) / RATE, level)[: len(sound)]
    return sound + noise / 32768


@pytest.mark.parametrize("seed", range(3))
def test_a_television_behind_a_wall_has_no_high_frequencies(seed: int) -> None:
    sound = np.frombuffer(nonspeech("next room", 5.0, 100 + seed), "<i2") / 32768
    assert measured(sound) < BEHIND_A_WALL


@pytest.mark.parametrize("voice", ["en-us", "en-us+f3", "en-us+m3", "de+f3"])
def test_a_request_in_the_room_has_them(voice: str) -> None:
    assert measured(spoken(REQUEST, voice)) > MUFFLED


@pytest.mark.parametrize("level", [-30.0, -60.0])
def test_neither_distance_nor_a_soft_voice_takes_them_away(level: float) -> None:
    far = acoustics.heard(spoken(REQUEST), acoustics.response(4.0, 0.5))
    far = acoustics.at_level(far * 32768, level) / 32768
    assert measured(noisy(far, level - 15)) > MUFFLED


@pytest.mark.parametrize("word", ["no", "moon", "more", "who", "blue"])
def test_the_darkest_words_are_not_behind_a_wall(word: str) -> None:
    assert measured(noisy(spoken(word, "en-us+m3"), -70)) > BEHIND_A_WALL


def test_a_telephone_has_enough_of_them() -> None:
    sound = spoken(REQUEST)
    spectrum = np.fft.rfft(sound)
    at = np.fft.rfftfreq(len(sound), 1 / RATE)
    telephone = np.fft.irfft(spectrum * ((at > 300) & (at < 3400)), len(sound))
    assert measured(telephone) > MUFFLED


def test_steady_noise_does_not_hide_that_they_are_missing() -> None:
    sound = np.frombuffer(nonspeech("next room", 5.0, 100), "<i2") / 32768
    loud = acoustics.at_level(sound * 32768, -30) / 32768
    assert measured(noisy(loud, -75)) < MUFFLED


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.06])
def test_too_short_a_sound_is_not_measured(seconds: float) -> None:
    assert measured(np.ones(round(seconds * RATE))) == UNKNOWN


@pytest.mark.parametrize("sound", [np.zeros(RATE), np.ones(RATE), np.full(RATE, 1e-9)])
def test_silence_has_a_brightness(sound: Sound) -> None:
    assert np.isfinite(measured(sound))
