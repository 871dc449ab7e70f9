"""The list of microphones and speakers, and those that `auto` stands for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.builtin.audio import devices
from satellite.builtin.audio.devices import DeviceInfo, cards, merged, names
from satellite.components import spec
from satellite.errors import DeviceBusy, DeviceForbidden, DeviceMissing
from satellite.requirements import Library
from tests.support.pulse import ROOM, SPEAKER, PulseServer

CARDS = """\
**** List of CAPTURE Hardware Devices ****
card 1: Device [USB PnP Sound Device], device 0: USB Audio [USB Audio]
  Subdevices: 1/1
  Subdevice #0: subdevice #0
card 2: seeed2micvoicec [seeed-2mic-voicecard], device 0: bcm2835-i2s-wm8960 [bcm2835 wm8960]
  Subdevices: 1/1
"""

NAMES = """\
null
    Discard all samples (playback) or generate zero samples (capture)
default
    Playback/recording through the PulseAudio sound server
dmix:CARD=Device,DEV=0
    USB PnP Sound Device, USB Audio
    Direct sample mixing device
pipewire
    PipeWire Sound Server
mine
"""

LIST = """
import json, msgspec
from satellite.builtin.audio import devices
from satellite.errors import DeviceMissing
found = {"devices": msgspec.to_builtins(devices.list_devices())}
for role, choose in (("mic", devices.default_mic), ("speaker", devices.default_speaker)):
    try:
        found[role] = choose()
    except DeviceMissing as error:
        found[role] = f"missing: {error}"
print(json.dumps(found))
"""


def list_in_process(path: str | None = None) -> tuple[dict[str, Any], str]:
    """Return the devices that a fresh process finds, and its standard error."""
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [sys.executable, "-c", LIST], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout), done.stderr


def test_cards_are_parsed() -> None:
    assert cards(CARDS) == [
        (1, 0, "USB PnP Sound Device, USB Audio"),
        (2, 0, "seeed-2mic-voicecard, bcm2835 wm8960"),
    ]
    assert cards("") == []


def test_names_are_parsed_without_those_that_lead_to_no_device() -> None:
    assert names(NAMES) == [
        ("default", "Playback/recording through the PulseAudio sound server"),
        ("pipewire", "PipeWire Sound Server"),
        ("mine", "mine"),
    ]
    assert names("") == []


def test_a_device_that_several_offer_is_listed_once() -> None:
    """It gets the facts that it lacks from the others; devices without identity stay apart."""
    usb = DeviceInfo(
        direction="in", component="pulse:alsa_input.usb", description="USB", identity="hw:1,0"
    )
    plug = DeviceInfo(
        direction="in", component="alsa:plughw:1,0", description="USB Audio", identity="hw:1,0"
    )
    default = DeviceInfo(
        direction="in", component="alsa:default", description="Default", identity="default"
    )
    portaudio = [
        DeviceInfo(
            direction="in",
            component=f"portaudio:{name}",
            description=name,
            rate=44100,
            channels=2,
            default=name == "default",
            identity=identity,
        )
        for name, identity in (("USB (hw:1,0)", "hw:1,0"), ("default", "default"), ("JACK", ""))
    ]
    jack = portaudio[2]
    assert merged([usb, plug, default, *portaudio, jack]) == [
        msgspec.structs.replace(usb, rate=44100, channels=2),
        msgspec.structs.replace(default, rate=44100, channels=2, default=True),
        jack,
        jack,
    ]


def test_a_sound_servers_devices_are_listed_by_name_without_monitors(pulse: PulseServer) -> None:
    listed, _ = list_in_process()
    components = [device["component"] for device in listed["devices"]]
    assert [name for name in components if name.startswith("pulse:")] == [
        f"pulse:{SPEAKER}",
        f"pulse:{ROOM}",
    ]
    pulse.kill()
    assert not any("pulse:" in device["component"] for device in list_in_process()[0]["devices"])


def test_a_sound_server_is_found_and_everything_listed_can_be_pasted(pulse: PulseServer) -> None:
    assert pulse.streams() == 0
    found, noise = list_in_process()
    assert noise == ""
    listed = found["devices"]
    assert isinstance(listed, list)
    by_component = {(d["direction"], d["component"]): d for d in listed}
    for direction, role in (("in", "mic"), ("out", "speaker")):
        assert ("alsa:pulse") in {c for d, c in by_component if d == direction}
        for d, component in by_component:
            if d == direction:
                spec.read_options(role, component)
    expected = "alsa" if Library("portaudio", "libportaudio2").missing() else "portaudio"
    assert (found["mic"], found["speaker"]) == (expected, expected)


def test_without_any_device_one_line_gives_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if any(Path("/dev/snd").glob("pcm*")):
        pytest.skip("this machine has a sound card")
    nothing = tmp_path / "asound.conf"
    nothing.write_text("pcm.!default { type hw card 0 }\nctl.!default { type hw card 0 }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(nothing))
    for path in (None, str(tmp_path)):
        found, noise = list_in_process(path)
        assert noise == ""
        assert found["devices"] == []
        for role, noun in (("mic", "microphone"), ("speaker", "speaker")):
            text = str(found[role])
            if path is None:
                remedy = f"name one with --{role} (satellite devices lists them)"
                assert text == f"missing: no {noun} found: connect one, or {remedy}"
            else:
                assert text.startswith(f"missing: no {noun} found, and the program ")
                assert text.endswith(" is not installed: apt install alsa-utils")


@pytest.mark.parametrize(
    ("refusal", "kind", "text"),
    [
        ("audio open error: Device or resource busy", DeviceBusy, "another program uses the"),
        ("audio open error: Permission denied", DeviceForbidden, "usermod -aG audio"),
        ("audio open error: No such file or directory", DeviceMissing, "no microphone found: c"),
    ],
)
def test_why_the_default_cannot_be_opened_is_said_without_quoting_a_program(
    monkeypatch: pytest.MonkeyPatch, refusal: str, kind: type[DeviceMissing], text: str
) -> None:
    monkeypatch.setattr(devices, "_portaudio", list)
    monkeypatch.setattr(devices, "_refusal", lambda _: f"arecord: main:831: {refusal}")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/arecord")
    with pytest.raises(kind, match=text) as error:
        devices.default_mic()
    assert type(error.value) is kind
    assert "main" not in str(error.value)


def test_importing_the_audio_modules_imports_nothing_heavy() -> None:
    code = (
        "import sys, satellite.builtin.audio.alsa, satellite.audio.capture,"
        "satellite.builtin.audio.command,"
        "satellite.audio.cues, satellite.builtin.audio.devices, satellite.audio.meter,"
        "satellite.audio.playback, satellite.builtin.audio.portaudio, satellite.builtin.audio.wav;"
        "print({'numpy', 'soxr', 'sounddevice'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
