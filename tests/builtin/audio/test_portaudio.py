"""The choice of a PortAudio device and format from the library's list."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.builtin.audio.portaudio_host import Direction, PortAudioHost, error_kind
from satellite.errors import DeviceBusy, DeviceMissing
from satellite.values import AudioFormat


class Library:
    """A list of devices as sounddevice gives it; `takes` are the formats of each device."""

    PortAudioError = RuntimeError

    def __init__(self, default: int, *devices: tuple[str, int, float, set[AudioFormat]]) -> None:
        self._devices = devices
        self.default = self
        self.device = (default, -1)

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "index": index,
                "name": name,
                "max_input_channels": channels,
                "max_output_channels": 0,
                "default_samplerate": rate,
            }
            for index, (name, channels, rate, _) in enumerate(self._devices)
        ]

    def check_input_settings(self, device: int, channels: int, dtype: str, samplerate: int) -> None:
        assert dtype == "int16"
        if AudioFormat(samplerate, channels) not in self._devices[device][3]:
            raise RuntimeError("Invalid sample rate")


OURS = AudioFormat(16000)
USUAL = {OURS, AudioFormat(48000, 2)}
LIBRARY = Library(
    1,
    ("HDMI", 0, 48000.0, set()),
    ("USB mic: Audio (hw:1,0)", 1, 44100.0, {AudioFormat(44100)}),
    ("Array (hw:2,0)", 6, 48000.0, {AudioFormat(48000, 6)}),
    ("array", 2, 44100.0, USUAL),
    ("Odd", 2, 8000.0, {AudioFormat(8000, 1)}),
    ("Broken", 1, 44100.0, set()),
)


@pytest.mark.parametrize(
    ("wanted", "index", "form"),
    [
        ("", 1, AudioFormat(44100)),
        ("3", 3, OURS),
        ("array", 3, OURS),  # exactly that name, before one that contains it
        ("ARRAY (hw", 2, AudioFormat(48000, 6)),
        ("usb", 1, AudioFormat(44100)),
        ("odd", 4, AudioFormat(8000)),
    ],
)
def test_a_device_is_chosen_with_the_nearest_supported_format(
    wanted: str, index: int, form: AudioFormat
) -> None:
    assert PortAudioHost().choose(LIBRARY, wanted, "input", OURS) == (index, form)


@pytest.mark.parametrize(
    ("wanted", "direction", "problem"),
    [
        ("violin", "input", r'no input device "violin" \(known: 1: USB mic'),
        ("HDMI", "input", 'no input device "HDMI"'),
        ("0", "input", 'no input device "0"'),
        ("", "output", r"no default output \(known: none\)"),
        ("broken", "input", "cannot open Broken: Invalid sample rate"),
    ],
)
def test_a_missing_device_is_reported_and_the_list_renewed(
    wanted: str, direction: Direction, problem: str
) -> None:
    host = PortAudioHost()
    with pytest.raises(DeviceMissing, match=problem):
        host.choose(LIBRARY, wanted, direction, OURS)
    assert host.stale


def test_a_device_that_another_program_uses_is_busy() -> None:
    """sounddevice raises `PortAudioError(text, code)`; -9985 is paDeviceUnavailable."""
    assert error_kind(RuntimeError("Error opening RawInputStream", -9985)) is DeviceBusy
    assert error_kind(RuntimeError("Error opening RawInputStream", -9997)) is DeviceMissing
    assert error_kind(ValueError("no such device")) is DeviceMissing
