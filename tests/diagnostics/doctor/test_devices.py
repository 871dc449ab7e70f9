"""Sound devices that may not be opened, or are taken by another program."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from satellite.builtin.audio import devices as audio_devices
from satellite.diagnostics.doctor import devices, holders, recording
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.errors import DeviceMissing
from satellite.net.uri import Tcp, parse
from satellite.settings import HomeAssistantSettings, ServerSettings, Settings
from servers.serve import serving
from tests.diagnostics.doctor.examined import findings, of, only
from tests.support.engines import ScriptedAsr

NOBODY = 65534
BUSY = "audio open error: Device or resource busy"


@pytest.fixture
def machine() -> Iterator[Path]:
    """A machine's root with one sound card, which everybody may enter, and the real processes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "dev/snd").mkdir(parents=True)
        (root / "proc").symlink_to("/proc")
        for node in ("controlC1", "pcmC1D0c", "pcmC1D0p"):
            (root / "dev/snd" / node).touch()
        yield root


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act as a user who is in no group, which takes root."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@contextmanager
def opened_by_another(file: Path, name: str = "recorder.py") -> Iterator[int]:
    """A process, called as a script of that name, that has a file open; its number."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / name
        script.write_text(
            "import sys\nheld = open(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.read()\n"
        )
        process = subprocess.Popen(
            [sys.executable, script, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid


async def test_without_permission_the_group_is_named(machine: Path) -> None:
    for node in (machine / "dev/snd").iterdir():
        node.chmod(0o660)
    with as_nobody():
        found = await findings(devices.permissions, ExaminationInput(Settings(), root=machine))
    problem = only("broken", found)
    assert "user nobody may not open /dev/snd/controlC1 and 2 more" in problem.found
    assert "sudo usermod -aG audio nobody" in problem.remedy


async def test_with_permission_all_is_well(machine: Path) -> None:
    for node in (machine / "dev/snd").iterdir():
        node.chmod(0o666)
    with as_nobody():
        (found,) = await findings(devices.permissions, ExaminationInput(Settings(), root=machine))
    assert found.state == "ok"


async def test_a_machine_without_sound_cards_is_told(tmp_path: Path) -> None:
    (found,) = await findings(devices.permissions, ExaminationInput(Settings(), root=tmp_path))
    assert found.state == "note"
    assert "--device /dev/snd" in found.remedy


async def test_the_program_that_holds_a_device_is_named(machine: Path) -> None:
    case = ExaminationInput(Settings(), root=machine)
    with opened_by_another(machine / "dev/snd/pcmC1D0c") as number:
        problem = only("broken", await findings(holders.holders, case))
    assert f"microphone 1,0 (pcmC1D0c) is open in recorder.py (process {number})" in problem.found
    assert f"kill {number}" in problem.remedy
    assert of("broken", await findings(holders.holders, case)) == []


async def test_mixers_that_are_open_keep_nobody_out(machine: Path) -> None:
    with opened_by_another(machine / "dev/snd/controlC1"):
        found = await findings(holders.holders, ExaminationInput(Settings(), root=machine))
    assert of("broken", found) == []


@pytest.mark.parametrize(
    ("mic", "state"), [("auto", "ok"), ("alsa:default", "ok"), ("alsa:plughw:1,0", "warning")]
)
async def test_a_sound_server_shares_what_it_holds(machine: Path, mic: str, state: str) -> None:
    with opened_by_another(machine / "dev/snd/pcmC1D0c", "pipewire"):
        (found,) = await findings(
            holders.holders, ExaminationInput(Settings(mic=mic), root=machine)
        )
    assert found.state == state


@pytest.fixture
def busy_arecord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An arecord whose device is taken."""
    program = tmp_path / "bin/arecord"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'arecord: main:831: {BUSY}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("busy_arecord")
async def test_a_microphone_that_is_taken_names_who_has_it(machine: Path) -> None:
    case = ExaminationInput(Settings(mic="alsa:plughw:1,0"), root=machine, seconds=1)
    with opened_by_another(machine / "dev/snd/pcmC1D0c") as number:
        problem = only("broken", await findings(recording.recording, case))
    assert f"taken by recorder.py (process {number})" in problem.found
    assert BUSY in problem.found
    assert "stop that program" in problem.remedy


@pytest.mark.usefixtures("busy_arecord")
async def test_a_microphone_that_a_satellite_uses_is_not_broken(machine: Path) -> None:
    case = ExaminationInput(Settings(mic="alsa:plughw:1,0"), root=machine, seconds=1)
    with opened_by_another(machine / "dev/snd/pcmC1D0c", "satellite"):
        (found,) = await findings(recording.recording, case)
    assert found.state == "note"
    assert "systemctl stop satellite" in found.remedy


async def test_a_server_needs_no_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise DeviceMissing("no microphone found")

    monkeypatch.setattr(audio_devices, "default_mic", missing)
    (tmp_path / "proc").symlink_to("/proc")
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        server = ServerSettings(roles=("asr",), asr_port=address.port)
        alone = Settings(server=server, homeassistant=HomeAssistantSettings(listen=""))
        found = await findings(devices.devices, ExaminationInput(alone, root=tmp_path))
    assert (found[0].about, found[0].state) == ("microphone", "note")
    found = await findings(devices.devices, ExaminationInput(alone, root=tmp_path))
    assert (found[0].about, found[0].state) == ("microphone", "broken")
