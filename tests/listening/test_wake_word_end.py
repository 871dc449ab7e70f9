"""The pause after a wake word, in sound of known shape."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.listening.wake_word_end import UNDECIDED, late_wake_word_end, wake_word_end
from satellite.values import SPEECH


def sound(*parts: tuple[float, float], noise: float = 10.0) -> bytes:
    """Return seconds of a level each, above noise."""
    random = np.random.default_rng(1)
    made = np.concatenate(
        [random.normal(0, level, round(seconds * SPEECH.rate)) for seconds, level in parts]
    )
    made += random.normal(0, noise, len(made))
    return made.clip(-32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("noise", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("request_", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("pause", [0.15, 0.3])
def test_the_request_begins_within_the_pause(pause: float, request_: float, noise: float) -> None:
    """However late the detection is, all of the request and nothing of the word is left."""
    heard = sound((2.0, 0), (0.7, 2000), (pause, 0), (request_, 2000), noise=noise)
    found = wake_word_end(heard)
    assert found is not None
    assert request_ * SPEECH.rate <= found <= (request_ + pause - 0.03) * SPEECH.rate


def test_without_a_pause_the_end_is_unknown() -> None:
    assert wake_word_end(sound((2.0, 0), (1.0, 2000))) is None
    assert wake_word_end(sound((2.0, 0), (0.7, 2000), (0.03, 0))) is None


def test_a_pause_within_the_word_does_not_end_it() -> None:
    assert wake_word_end(sound((2.0, 0), (0.3, 2000), (0.15, 0), (0.45, 2000))) is None


def test_the_pause_before_the_word_does_not_end_it() -> None:
    """A short word, reported before it has ended."""
    assert wake_word_end(sound((3.0, 0), (0.35, 2000))) is None


@pytest.mark.parametrize("silence", [1.2, 3.0])
def test_digital_silence_is_not_the_noise_of_the_room(silence: float) -> None:
    """A sound server delivers zeros until its source begins; the room is noisier."""
    heard = bytes(SPEECH.bytes_of(silence)) + sound((0.3, 0), (0.7, 3000), (0.4, 0), noise=150.0)
    found = wake_word_end(heard)
    assert found is not None
    assert 0.3 * SPEECH.rate <= found <= 0.4 * SPEECH.rate


def test_nothing_is_recognized_in_noise_and_in_little_sound() -> None:
    assert wake_word_end(sound((3.0, 0), noise=1000.0)) is None
    assert wake_word_end(sound((0.5, 2000))) is None
    assert wake_word_end(b"") is None
    assert wake_word_end(bytes(SPEECH.bytes_of(3.0))) is None


@pytest.mark.parametrize("noise", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("early", [0.03, 0.1, 0.2])
@pytest.mark.parametrize("pause", [0.15, 0.6])
def test_the_end_of_a_word_that_was_detected_early(
    pause: float, early: float, noise: float
) -> None:
    parts = ((2.0, 0), (0.7, 2000), (pause, 0), (1.0, 2000))
    detected = 2.7 - early
    at_detection = sound(*parts, noise=noise)[: 2 * round(detected * SPEECH.rate)]
    assert wake_word_end(at_detection) is None
    found = None
    since = 0
    while found is None and since < UNDECIDED:
        since += 512
        heard = sound(*parts, noise=noise)[: len(at_detection) + 2 * since]
        found = late_wake_word_end(heard, since)
    assert found is not None
    assert early * SPEECH.rate <= found <= (early + pause) * SPEECH.rate


def test_a_pause_of_the_request_is_not_the_end_of_the_word() -> None:
    """Said in one breath, with a closed consonant in the request's first word."""
    heard = sound((2.0, 0), (1.2, 2000), (0.12, 0), (0.5, 2000))
    for ago in (0.55, 0.65, 0.75):
        assert late_wake_word_end(heard, round(ago * SPEECH.rate)) is None


def test_a_pause_long_after_the_detection_is_not_the_end_of_the_word() -> None:
    heard = sound((2.0, 0), (0.7, 2000), (0.2, 0), (0.3, 2000))
    assert late_wake_word_end(heard, round(0.8 * SPEECH.rate)) is None
    assert late_wake_word_end(heard, round(0.6 * SPEECH.rate)) is not None


def test_a_word_without_an_end_stays_undecided() -> None:
    assert late_wake_word_end(sound((2.0, 0), (1.2, 2000)), UNDECIDED) is None
    assert late_wake_word_end(b"", 0) is None
