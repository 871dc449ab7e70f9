"""How late the microphone hears the speaker."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.diagnostics.doctor.echo import Echo, echo, find, judge, sweep
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.settings import Settings
from tests.diagnostics.doctor.examined import findings, only
from tests.support.pulse import HEARD, PulseServer
from tests.support.speech import noise, silence

PULSE = Settings(mic="alsa:pulse", speaker="alsa:pulse")
RATE = 16000


def room(delay: float, gain: float, level: float, began: int) -> bytes:
    """A noisy room in which the sound comes `delay` seconds after sample `began`."""
    samples = np.frombuffer(noise(2.5, level=level), "<i2").astype(float)
    at = began + round(delay * RATE)
    wave = sweep()
    samples[at : at + len(wave)] += gain * wave * 32767
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


@given(
    delay=st.floats(0, 1.2),
    gain=st.floats(0.02, 1),
    began=st.integers(0, 8000),
)
def test_the_delay_is_found_in_a_noisy_room(delay: float, gain: float, began: int) -> None:
    found = find(room(delay, gain, 0.01, began), began)
    assert found is not None
    assert found.delay == pytest.approx(delay, abs=0.001)


@given(seed=st.integers(0, 1000))
def test_noise_has_no_echo(seed: int) -> None:
    assert find(noise(2.5, level=0.05, seed=seed), 4000) is None


def test_silence_and_too_little_have_no_echo() -> None:
    assert find(silence(2.5), 4000) is None
    assert find(b"", 0) is None


def test_what_a_delay_means() -> None:
    assert judge(Echo(0.08, 20)).state == "ok"
    assert judge(Echo(0.6, 20)).state == "warning"
    assert judge(None).state == "note"


@pytest.fixture
def one_room(pulse: PulseServer) -> PulseServer:
    """The microphone is where the speaker is heard."""
    subprocess.run(["pactl", "set-default-source", HEARD], check=True, timeout=10)
    return pulse


@pytest.mark.usefixtures("one_room")
async def test_a_microphone_that_hears_the_speaker() -> None:
    said: list[str] = []
    (found,) = await findings(echo, ExaminationInput(PULSE, say=said.append))
    assert "the microphone hears the speaker after" in found.found
    assert said == ["playing a short sound on alsa:pulse"]


@pytest.mark.usefixtures("pulse")
async def test_a_microphone_in_another_room() -> None:
    (found,) = await findings(echo, ExaminationInput(PULSE))
    assert found.state == "note"
    assert "does not hear the speaker" in found.found


async def test_a_speaker_that_is_not_there_is_told() -> None:
    settings = Settings(mic="command:no-such-recorder", speaker="command:no-such-player")
    problem = only("broken", await findings(echo, ExaminationInput(settings)))
    assert problem.means == "Nothing can be said."
