"""Sound devices that may not be opened, or are in use by another program."""

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
from satellite.diagnostics.doctor import sound_checks, sound_devices
from satellite.diagnostics.doctor.context import Context
from satellite.errors import DeviceMissing
from satellite.net.uri import Tcp, parse
from satellite.settings import HomeAssistantSettings, ServerSettings, Settings
from servers.serve import serving
from tests.diagnostics.doctor.findings import findings, only
from tests.support.engines import ScriptedAsr

NOBODY = 65534
"""The number of a user without rights."""

BUSY = "audio open error: Device or resource busy"

STATUS = """state: RUNNING
owner_pid   : {pid}
trigger_time: 8125.123456789
tstamp      : 0.000000000
delay       : 0
avail       : 512
"""
"""The status of an open stream (Linux, sound/core/pcm.c)."""

WAITING = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
"""A program that prints its process number and waits for the end of its input."""


@pytest.fixture
def machine() -> Iterator[Path]:
    """Make a machine's root with one sound card that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "dev/snd").mkdir(parents=True)
        for node in ("controlC1", "pcmC1D0c", "pcmC1D0p"):
            (root / "dev/snd" / node).touch()
        for pcm in ("pcm0c", "pcm0p"):
            status = root / "proc/asound/card1" / pcm / "sub0/status"
            status.parent.mkdir(parents=True)
            status.write_text("closed\n")
        yield root


@contextmanager
def without_rights() -> Iterator[None]:
    """Act as a user without groups during this block; needs root."""
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
def in_use(machine: Path, name: str = "recorder.py", parent: str = "shell.py") -> Iterator[int]:
    """Have a script of that name, started by `parent`, use the microphone; yield its process."""
    with tempfile.TemporaryDirectory() as folder:
        script, starter = Path(folder) / name, Path(folder) / parent
        starter.write_text(
            f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}])"
        )
        script.write_text(WAITING)
        process = subprocess.Popen(
            [sys.executable, starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        status = machine / "proc/asound/card1/pcm0c/sub0/status"
        with process:
            assert process.stdout is not None
            pid = int(process.stdout.readline())
            for number in (pid, process.pid):
                (machine / f"proc/{number}").symlink_to(f"/proc/{number}")
            status.write_text(STATUS.format(pid=pid))
            yield pid
            status.write_text("closed\n")


async def test_without_permission_the_group_is_named(machine: Path) -> None:
    for node in (machine / "dev/snd").iterdir():
        node.chmod(0o660)
    with without_rights():
        found = await findings(sound_devices.permissions, Context(root=machine))
    problem = only("broken", found)
    assert "user nobody may not open /dev/snd/controlC1 and 2 more" in problem.found
    assert "usermod -aG audio nobody" in problem.remedy


async def test_with_permission_the_devices_are_ok(machine: Path) -> None:
    for node in (machine / "dev/snd").iterdir():
        node.chmod(0o666)
    with without_rights():
        (found,) = await findings(sound_devices.permissions, Context(root=machine))
    assert found.state == "ok"


async def test_a_machine_without_sound_cards_is_reported(tmp_path: Path) -> None:
    (found,) = await findings(sound_devices.permissions, Context(root=tmp_path))
    assert found.state == "note"
    assert "--device /dev/snd" in found.remedy


async def test_the_program_that_uses_a_device_is_named(machine: Path) -> None:
    context = Context(root=machine)
    with in_use(machine) as number:
        problem = only("broken", await findings(sound_devices.users, context))
    assert f"microphone 1,0 is open in recorder.py (process {number})" in problem.found
    assert f"kill {number}" in problem.remedy
    assert await findings(sound_devices.users, context) == []


async def test_the_recorder_of_a_satellite_is_named_as_the_satellite(machine: Path) -> None:
    with in_use(machine, "arecord", parent="satellite") as number:
        (found,) = await findings(sound_devices.users, Context(root=machine))
    assert (found.state, f"satellite (process {number})" in found.found) == ("note", True)


async def test_the_doctor_does_not_report_its_own_recorder(machine: Path) -> None:
    status = machine / "proc/asound/card1/pcm0c/sub0/status"
    status.write_text(STATUS.format(pid=os.getpid()))
    assert await findings(sound_devices.users, Context(root=machine)) == []


async def test_a_program_outside_the_container_is_reported_without_a_number(machine: Path) -> None:
    status = machine / "proc/asound/card1/pcm0c/sub0/status"
    status.write_text(STATUS.format(pid=0))
    problem = only("broken", await findings(sound_devices.users, Context(root=machine)))
    assert problem.found == "microphone 1,0 is open in an unknown program"
    assert "kill" not in problem.remedy


@pytest.mark.parametrize(
    ("mic", "state"), [("auto", "ok"), ("alsa:default", "ok"), ("alsa:plughw:1,0", "warning")]
)
async def test_a_sound_server_shares_its_devices(machine: Path, mic: str, state: str) -> None:
    with in_use(machine, "pipewire"):
        context = Context(settings=Settings(mic=mic), root=machine)
        (found,) = await findings(sound_devices.users, context)
    assert found.state == state


@pytest.fixture
def busy_arecord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install an arecord whose device is in use."""
    program = tmp_path / "bin/arecord"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho 'arecord: main:831: {BUSY}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def direct(machine: Path) -> Context:
    return Context(settings=Settings(mic="alsa:plughw:1,0"), root=machine, seconds=1)


@pytest.mark.usefixtures("busy_arecord")
async def test_the_program_that_took_the_microphone_is_named(machine: Path) -> None:
    with in_use(machine) as number:
        problem = only("broken", await findings(sound_checks.recording, direct(machine)))
    assert f"taken by recorder.py (process {number})" in problem.found
    assert BUSY not in problem.found
    assert "stop that program" in problem.remedy


@pytest.mark.usefixtures("busy_arecord")
async def test_an_unknown_program_that_took_the_microphone_is_searched_by_command(
    machine: Path,
) -> None:
    problem = only("broken", await findings(sound_checks.recording, direct(machine)))
    assert "taken by another program" in problem.found
    assert "sudo fuser -v /dev/snd/*" in problem.remedy


@pytest.mark.usefixtures("busy_arecord")
async def test_a_microphone_that_a_satellite_uses_is_not_broken(machine: Path) -> None:
    with in_use(machine, "satellite"):
        (found,) = await findings(sound_checks.recording, direct(machine))
    assert found.state == "note"
    assert "systemctl stop satellite" in found.remedy


async def test_a_server_needs_no_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise DeviceMissing("no microphone found")

    monkeypatch.setattr(audio_devices, "default_mic", missing)
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        server = ServerSettings(roles=("asr",), asr_port=address.port)
        alone = Settings(server=server, homeassistant=HomeAssistantSettings(listen=""))
        found = await findings(sound_devices.devices, Context(settings=alone, root=tmp_path))
    assert (found[0].about, found[0].state) == ("microphone", "note")
    found = await findings(sound_devices.devices, Context(settings=alone, root=tmp_path))
    assert (found[0].about, found[0].state) == ("microphone", "broken")
