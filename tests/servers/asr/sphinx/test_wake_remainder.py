"""The remainder of a wake word before a command is not recognized as part of it."""

from __future__ import annotations

import numpy as np
import pytest

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from servers.asr.sphinx import vocabulary, wake_remainder
from servers.asr.sphinx.confidence import THRESHOLD, Segment, confidence
from servers.asr.sphinx.recognizer import Recognizer
from tests.support.speech import silence, speak

VOICE = "en-us+m3"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(vocabulary.for_home((USUAL_NAMES, USUAL_AREAS)))


def _edgeless(speech: bytes) -> bytes:
    loud = np.flatnonzero(np.abs(np.frombuffer(speech, "<i2").astype(int)) > 300)
    return speech[2 * loud[0] : 2 * loud[-1]]


@pytest.mark.parametrize("left", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("called", ["okay nabu", "hey jarvis"])
def test_a_command_in_one_breath_with_a_wake_word(
    recognizer: Recognizer, called: str, left: float
) -> None:
    word = _edgeless(speak(called, voice=VOICE))
    rest = word[len(word) - 2 * round(left * 16000) :]
    recognizer.begin()
    command = speak("turn on the living room lamp", voice=VOICE)
    recognizer.feed(rest + silence(0.05) + _edgeless(command) + silence(0.7))
    text, sureness = recognizer.finish()
    assert text in ("turn on the living room lamp", "turn on living room lamp")
    assert sureness > THRESHOLD


def test_a_wake_word_alone_is_no_command(recognizer: Recognizer) -> None:
    for called in ("okay nabu", "hey jarvis", "alexa"):
        recognizer.begin()
        recognizer.feed(speak(called, voice=VOICE) + silence(0.7))
        text, sureness = recognizer.finish()
        assert not text or sureness < THRESHOLD


def test_a_wake_remainder_may_begin_at_any_phoneme() -> None:
    phonemes = {"hey": ["HH EY"], "jarvis": ["JH AA R V AH S", "JH AA R V IH S"]}
    found = wake_remainder.wake_remainders(phonemes)
    assert {"HH EY JH AA R V AH S", "EY JH AA R V IH S", "IH S", "AH S"} <= set(found)
    assert "S" not in found
    assert wake_remainder.wake_remainders({}) == []


def test_a_wake_remainder_explains_sound_but_is_no_command() -> None:
    rest = Segment(wake_remainder.WORD, 0, 40, -0.2)
    free = [Segment("_S", 0, 40, -0.2), Segment("_S", 40, 80, -0.2)]
    assert confidence([rest], free) == -np.inf
    assert confidence([rest, Segment("stop", 40, 80, -0.2)], free) > THRESHOLD
    badly = Segment(wake_remainder.WORD, 0, 40, -0.6)
    assert confidence([badly, Segment("stop", 40, 80, -0.2)], free) < THRESHOLD
