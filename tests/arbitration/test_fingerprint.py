"""Quality of a wake word, and similarity of the sound of two microphones."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.arbitration.fingerprint import ALIKE, fingerprint_of, similarity
from satellite.arbitration.protocol import PRINT
from tests.support.acoustics import Samples, at_level, pcm, response, room_noise, samples
from tests.support.acoustics import heard as through
from tests.support.speech import speak

RATE = 16000
WORDS = [("okay nabu", "en-us"), ("okay nabu", "en-us+m3"), ("hey jarvis", "en-us")]


def room(
    word: Samples, level: float, distance: float = 1.0, noise: float = -60.0, seed: int = 1
) -> bytes:
    """Return three seconds of a room, a word at a level in dBFS, and 0.2 s of detection delay."""
    sound = np.concatenate([np.zeros(3 * RATE), word, np.zeros(RATE // 5)])
    sound = at_level(through(sound, response(distance, 0.4, seed)), level)
    return pcm(sound + room_noise(len(sound) / RATE, noise, seed)[: len(sound)])


@pytest.fixture(params=WORDS, ids=lambda word: f"{word[0]}, {word[1]}")
def word(request: pytest.FixtureRequest) -> Samples:
    return samples(speak(*request.param))


def test_quality_decreases_with_distance(word: Samples) -> None:
    qualities = [
        fingerprint_of(room(word, level, seed=n)).quality for n, level in enumerate((-20, -26, -38))
    ]
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[0] - qualities[1] >= 4


def test_gain_of_a_microphone_hardly_raises_quality(word: Samples) -> None:
    """6 dB of proximity count more than 12 dB of gain, which raises the noise as well."""
    nearer = fingerprint_of(room(word, -24, noise=-60)).quality
    amplified = fingerprint_of(room(word, -18, noise=-48)).quality
    assert nearer > amplified


def test_without_noise_quality_follows_loudness(word: Samples) -> None:
    sound = np.concatenate([np.zeros(3 * RATE), at_level(word, -20)])
    assert fingerprint_of(pcm(sound)).quality > fingerprint_of(pcm(sound / 2)).quality


@pytest.mark.parametrize("noise", [-60.0, -32.0])
def test_prints_of_one_word_in_two_rooms_are_similar(word: Samples, noise: float) -> None:
    """Even if one hears it 8 dB over the noise, and lags by 60 ms."""
    faint = fingerprint_of(room(word, -24, distance=3.0, noise=noise, seed=7))
    near = room(word, -20, distance=0.5, seed=8)
    assert similarity(faint.print, near, 0.0) > ALIKE
    assert similarity(faint.print, near[: -2 * 960], 0.0) > ALIKE
    late = near + pcm(room_noise(0.3, -60.0, 3))
    assert similarity(faint.print, late, 0.3) > ALIKE


def test_prints_of_different_sounds_are_not_similar(word: Samples) -> None:
    print_ = fingerprint_of(room(word, -24, seed=7)).print
    for text in ("turn on the living room lamp", "in other news, the library stays open"):
        other = samples(speak(text, "en-us+klatt6"))
        for cut in (0.0, 0.4):
            part = other[round(cut * RATE) :]
            assert similarity(print_, room(part, -15, seed=9), 0.0) < ALIKE
    assert similarity(print_, pcm(room_noise(5.0, -40.0)), 0.0) < ALIKE


@pytest.mark.parametrize("audio", [b"", bytes(2), bytes(160_001), b"\xff\x7f" * 80_000])
def test_any_sound_has_a_fingerprint(audio: bytes) -> None:
    measured = fingerprint_of(audio)
    assert -500 <= measured.quality <= 500
    assert len(measured.print) in (0, PRINT)
    for print_ in (measured.print, b"short", bytes(PRINT), b"\xff" * PRINT):
        assert -1.001 <= similarity(print_, audio, 0.0) <= 1.001
        assert -1.001 <= similarity(print_, audio, 5.0) <= 1.001
