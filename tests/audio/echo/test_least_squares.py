"""Half a second of an echo determines its path."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.audio.echo.least_squares import HEAD, fit
from tests.support.acoustics import heard, response, room_noise, samples
from tests.support.speech import speak

TAPS = 5120
TALK = samples(speak("The weather will be fine tomorrow, with a little wind from the west."))[1600:]
PLAYED = np.concatenate((np.zeros(TAPS - HEAD), TALK, np.zeros(HEAD)))
NOTHING = np.zeros(TAPS, np.float32)


def left(path: np.ndarray, echo: np.ndarray, first: int, last: int) -> float:
    """Decibels of the echo that the path leaves between two positions."""
    modelled = heard(PLAYED, path.astype(float))[TAPS + first : TAPS + last]
    return float(20 * np.log10((echo[first:last] - modelled).std() / echo[first:last].std()))


def found(echo: np.ndarray, count: int, path: np.ndarray = NOTHING, steps: int = 32) -> np.ndarray:
    hears = (echo + room_noise(len(echo) / 16000 + 0.1, -62)[: len(echo)]).astype(np.float32)
    return fit(hears[:count], PLAYED[: TAPS + count].astype(np.float32), path, steps)


@pytest.mark.parametrize(("seconds", "gone"), [(0.5, 12), (1.0, 19)])
@pytest.mark.parametrize("reverberation", [0.15, 0.4])
def test_what_is_heard_later_is_explained_by_what_was_heard(
    seconds: float, gone: float, reverberation: float
) -> None:
    echo = heard(TALK, response(0.3, reverberation, 7))
    count = round(16000 * seconds)
    path = found(echo, count)
    assert left(path, echo, count, count + 8000) < -gone
    assert abs(int(np.abs(path).argmax()) - HEAD) <= 1


def test_a_known_path_is_improved_and_unchanged_where_nothing_is_played() -> None:
    echo = heard(TALK, response(0.3, 0.25, 7))
    first = found(echo, 8000)
    second = found(echo, 16000, first, 16)
    assert left(second, echo, 16000, 24000) < left(first, echo, 16000, 24000) - 3
    silent = np.zeros(TAPS + 8000, np.float32)
    assert fit(np.ones(8000, np.float32), silent, second, 16) is second
