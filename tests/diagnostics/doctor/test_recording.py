"""What a short recording tells: silence, clipping, and a rate that is not what was said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.diagnostics.doctor.recording import (
    RecordedSample,
    judge,
    judge_rate,
    measured_rate,
    recording,
)
from satellite.settings import Settings
from satellite.values import SPEECH
from tests.diagnostics.doctor.examined import findings, of, only
from tests.support.pulse import PulseServer
from tests.support.speech import noise, silence, speak, tone, write_wav


def heard(audio: bytes, overruns: int = 0) -> RecordedSample:
    return RecordedSample(
        form=SPEECH, audio=audio, times=(0.0, 1.0), frames=(0, 16000), overruns=overruns
    )


@contextmanager
def sounding(pulse: PulseServer, sound: bytes) -> Iterator[None]:
    """Let a sound be heard in the room during the block, over and over."""
    enough = threading.Event()

    def play() -> None:
        while not enough.is_set():
            pulse.play(sound)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(20)


async def recorded(mic: str, seconds: float = 1.0) -> list[Finding]:
    return await findings(recording, ExaminationInput(Settings(mic=mic), seconds=seconds))


async def test_a_room_with_a_voice_in_it_is_well(pulse: PulseServer) -> None:
    with sounding(pulse, speak("is this thing on") * 2):
        found = await recorded("alsa:pulse", 2.0)
    assert [finding.about for finding in found] == ["level", "sample rate"]
    assert found[0].state in ("ok", "note")
    assert found[1].state in ("ok", "warning")  # a busy machine's sound server is not exact


@pytest.mark.usefixtures("pulse")
async def test_a_muted_microphone_gives_digital_silence() -> None:
    problem = of("broken", await recorded("alsa:pulse"))[0]
    assert "digital silence" in problem.found
    assert "pactl set-source-mute" in problem.remedy


async def test_a_microphone_of_another_rate_than_was_said_is_told(pulse: PulseServer) -> None:
    """As with a device or a program that was set to 16 kHz and records at 48 kHz."""
    command = "parec --raw --format=s16le --channels=1 --rate=48000 --latency-msec=30"
    with sounding(pulse, noise(3.0)):
        found = await recorded(f"command:{command}", 3.0)
    problem = only("broken", found)
    assert problem.about == "sample rate"
    assert "16000 expected" in problem.found
    assert "rate=48000'" in problem.remedy


async def test_clipping_is_told(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "loud.wav", tone(2.0, level=3.0))
    problem = only("warning", await recorded(f"wav:{file}"))
    assert problem.found.startswith("clipping")


async def test_a_file_has_no_rate_of_its_own(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "in.wav", noise(2.0))
    found = await recorded(f"wav:{file}?pace=4")
    assert [finding.about for finding in found] == ["level"]


async def test_a_microphone_that_is_not_there_is_told() -> None:
    (problem,) = await recorded("command:no-such-recorder")
    assert problem.state == "broken"
    assert "satellite devices" in problem.remedy


def test_a_faint_microphone_and_a_loud_room_are_told() -> None:
    (faint,) = judge(heard(noise(1.0, level=0.00005)))
    assert (faint.state, faint.found[:10]) == ("warning", "very quiet")
    (loud,) = judge(heard(noise(1.0, level=0.1)))
    assert loud.state == "note"
    (usual,) = judge(heard(noise(1.0, level=0.003)))
    assert usual.state == "ok"


def test_an_offset_and_lost_samples_are_told() -> None:
    shifted = (np.frombuffer(noise(1.0, level=0.003), "<i2") + 3000).astype("<i2").tobytes()
    texts = [finding.found for finding in judge(heard(shifted, overruns=3)) if finding.remedy]
    assert texts[-2:] == ["offset of 9%", "samples were lost 3 times in 1 s"]


def test_silence_is_all_that_is_said_of_silence() -> None:
    (found,) = judge(heard(silence(1.0), overruns=3))
    assert found.state == "broken"


@given(
    rate=st.sampled_from([8000, 16000, 44100, 48000]),
    jitter=st.lists(st.floats(0, 0.03), min_size=125, max_size=125),
    burst=st.integers(0, 8),
)
def test_the_rate_is_measured_through_jitter_and_a_first_heap(
    rate: int, jitter: list[float], burst: int
) -> None:
    """Four seconds in chunks of 32 ms that come up to 30 ms late, some in a heap at first."""
    times = [max(0.032 * (n - burst), 0) + late for n, late in enumerate(jitter)]
    times = list(np.maximum.accumulate(times))
    frames = [round(0.032 * rate * (n + 1)) for n in range(len(times))]
    assert measured_rate(times, frames) == pytest.approx(rate, rel=0.015)


@pytest.mark.parametrize(
    ("rate", "seconds", "state"),
    [(16150, 4, "ok"), (16150, 60, "warning"), (16010, 60, "ok"), (17400, 4, "broken")],
)
def test_a_longer_recording_tells_smaller_drifts(rate: int, seconds: int, state: str) -> None:
    chunks = range(1, round(seconds / 0.032))
    taken = RecordedSample(
        form=SPEECH,
        audio=b"",
        times=tuple(0.032 * n for n in chunks),
        frames=tuple(round(0.032 * rate * n) for n in chunks),
        overruns=0,
    )
    (found,) = judge_rate("alsa:plughw:1,0", taken)
    assert found.state == state
    assert found.remedy or state == "ok"


def test_too_little_has_no_rate() -> None:
    assert measured_rate([], []) is None
    assert measured_rate([0.0, 0.6], [100, 200]) is None
