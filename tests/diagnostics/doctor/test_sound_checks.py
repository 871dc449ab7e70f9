"""Microphone, speaker and wake word, tried in a real PulseAudio and with files."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.sound_checks import echo, recording, wake
from satellite.diagnostics.soundcheck import wake_word
from satellite.lib.finding import Finding
from satellite.settings import Settings
from tests.diagnostics.doctor.findings import findings, of, only
from tests.support.pulse import HEARD, PulseServer
from tests.support.speech import noise, silence, speak, tone, write_wav

PULSE = Settings(mic="alsa:pulse", speaker="alsa:pulse")

WORD = "openwakeword:okay_nabu"


@contextmanager
def sounding(pulse: PulseServer, sound: bytes) -> Iterator[None]:
    """Play a sound into the room during the block, over and over."""
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
    return await findings(recording, Context(settings=Settings(mic=mic), seconds=seconds))


async def test_a_voice_in_a_room_is_ok(pulse: PulseServer) -> None:
    with sounding(pulse, speak("is this thing on") * 2):
        found = await recorded("alsa:pulse", 2.0)
    assert [finding.about for finding in found] == ["level", "sample rate"]
    assert found[0].state in ("ok", "note")
    assert found[1].state in ("ok", "warning")  # a busy machine's sound server is not exact


@pytest.mark.usefixtures("pulse")
async def test_digital_silence_of_a_muted_microphone_is_reported() -> None:
    problem = of("broken", await recorded("alsa:pulse"))[0]
    assert "digital silence" in problem.found
    assert "pactl set-source-mute" in problem.remedy


async def test_a_microphone_with_a_wrong_rate_is_reported(pulse: PulseServer) -> None:
    """As with a device or a program that was set to 16 kHz and records at 48 kHz."""
    command = "parec --raw --format=s16le --channels=1 --rate=48000 --latency-msec=30"
    with sounding(pulse, noise(3.0)):
        found = await recorded(f"command:{command}", 3.0)
    problem = only("broken", found)
    assert problem.about == "sample rate"
    assert "16000 expected" in problem.found
    assert "rate=48000'" in problem.remedy


async def test_clipping_is_reported(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "loud.wav", tone(2.0, level=3.0))
    problem = only("warning", await recorded(f"wav:{file}"))
    assert problem.found.startswith("clipping")


async def test_the_rate_of_a_file_is_not_judged(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "in.wav", noise(2.0))
    found = await recorded(f"wav:{file}?pace=4")
    assert [finding.about for finding in found] == ["level"]


async def test_a_missing_microphone_is_reported() -> None:
    (problem,) = await recorded("command:no-such-recorder")
    assert problem.state == "broken"
    assert "satellite devices" in problem.remedy


@pytest.fixture
def one_room(pulse: PulseServer) -> PulseServer:
    """Let the microphone hear the speaker."""
    subprocess.run(["pactl", "set-default-source", HEARD], check=True, timeout=10)
    return pulse


@pytest.mark.usefixtures("one_room")
async def test_the_echo_of_a_speaker_in_the_same_room_is_found() -> None:
    prompts: list[str] = []
    (found,) = await findings(echo, Context(settings=PULSE, say=prompts.append))
    assert "the microphone hears the speaker after" in found.found
    assert prompts == ["playing a short sound on alsa:pulse"]


@pytest.mark.usefixtures("pulse")
async def test_a_speaker_in_another_room_has_no_echo() -> None:
    (found,) = await findings(echo, Context(settings=PULSE))
    assert found.state == "note"
    assert "does not hear the speaker" in found.found


async def test_a_missing_speaker_is_reported() -> None:
    settings = Settings(mic="command:no-such-recorder", speaker="command:no-such-player")
    problem = only("broken", await findings(echo, Context(settings=settings)))
    assert problem.means == "Nothing can be said."


async def scored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sound: bytes, component: str = "auto"
) -> list[Finding]:
    monkeypatch.setattr(wake_word, "SECONDS", 4.0)
    file = write_wav(tmp_path / "in.wav", sound)
    prompts: list[str] = []
    settings = Settings(mic=f"wav:{file}?pace=20", wake=component)
    found = await findings(wake, Context(settings=settings, say=prompts.append))
    assert "okay nabu" in prompts[0]
    return found


def okay_nabu() -> bytes:
    return silence(1.0) + speak("okay nabu", voice="en-us+m3") + silence(2.0)


@pytest.mark.parametrize("component", ["auto", "microwakeword:okay_nabu"])
async def test_a_clear_wake_word_has_a_high_score(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, component: str
) -> None:
    (found,) = await scored(monkeypatch, tmp_path, okay_nabu(), component)
    assert found.found.startswith("okay nabu heard with a score of 0.")
    assert found.state in ("ok", "warning")


async def test_noise_instead_of_the_wake_word_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problem = only("broken", await scored(monkeypatch, tmp_path, noise(4.0, level=0.01)))
    assert problem.found == "nothing like okay nabu was heard"


async def test_a_score_below_the_threshold_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = await scored(monkeypatch, tmp_path, okay_nabu(), f"{WORD}?threshold=1.0")
    problem = only("broken", found)
    assert "1 is needed" in problem.found
    assert "threshold=0." in problem.remedy


async def test_an_unknown_wake_word_is_reported(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "in.wav", silence(1.0))
    settings = Settings(mic=f"wav:{file}", wake="openwakeword:no_such_word")
    problem = only("broken", await findings(wake, Context(settings=settings)))
    assert "no_such_word" in problem.found
