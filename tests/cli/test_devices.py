"""`satellite devices`: listed in a table, tried with a tone and a meter."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.audio.wavfile import read_wav, write_wav
from satellite.builtin.audio.devices import DeviceInfo
from satellite.cli.devices import bar, row
from satellite.values import SPEECH
from tests.cli.program import satellite
from tests.support.speech import speak


def test_the_test_plays_a_tone_and_measures_the_microphone(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, speak("is this thing on"))
    arguments = ["--mic", "wav:in.wav?pace=20", "--speaker", "wav:out.wav", "--seconds", "1"]
    done = satellite("devices", "--test", *arguments, folder=tmp_path)
    assert (done.code, done.complaints) == (0, [])
    assert "speaker wav:out.wav: a tone of 440 Hz\n" in done.output
    assert "the peak was -" in done.output
    form, audio = read_wav(tmp_path / "out.wav")
    assert form.seconds(audio) == pytest.approx(1, abs=0.01)


def test_a_muted_microphone_is_noticed(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", SPEECH, bytes(32000))
    arguments = ["--mic", "wav:in.wav?pace=20", "--speaker", "wav:out.wav", "--seconds", "1"]
    done = satellite("devices", "--test", *arguments, folder=tmp_path)
    assert done.code == 0
    assert "is it muted" in done.output


def test_both_devices_are_tried_and_both_failures_reported(tmp_path: Path) -> None:
    arguments = ["--mic", "wav:none.wav", "--speaker", "wav:none/out.wav"]
    done = satellite("devices", "--test", *arguments, folder=tmp_path)
    assert done.code == 1
    assert len(done.complaints) == 2
    assert "none/out.wav" in done.complaints[0]
    assert "none.wav" in done.complaints[1]


def test_the_list_names_devices_or_a_remedy() -> None:
    done = satellite("devices")
    assert done.code == 0
    for flag, noun in (("--mic", "microphone"), ("--speaker", "speaker")):
        assert noun in done.output or any(f"{flag} wav:" in line for line in done.complaints)


def test_a_device_is_a_line() -> None:
    device = DeviceInfo(
        direction="in",
        component="portaudio:USB",
        description="USB (ALSA)",
        rate=48000,
        channels=2,
        default=True,
    )
    cells = ("microphone, default", "portaudio:USB", "USB (ALSA)", "48000 Hz", "2")
    assert row(device) == cells


def test_the_bar_goes_from_quiet_to_loud() -> None:
    assert bar(-96, -96) == "[|" + " " * 39 + "]  -96.0 dBFS"
    assert bar(0, 0) == "[" + "#" * 39 + "|]    0.0 dBFS"
    assert bar(-30, -20).count("#") == 20
