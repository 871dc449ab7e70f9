"""The pause after a wake word, in sound of known shape."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.listening.wake_word_end import wake_word_end
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


def test_nothing_is_recognized_in_noise_and_in_little_sound() -> None:
    assert wake_word_end(sound((3.0, 0), noise=1000.0)) is None
    assert wake_word_end(sound((0.5, 2000))) is None
    assert wake_word_end(b"") is None
    assert wake_word_end(bytes(SPEECH.bytes_of(3.0))) is None
