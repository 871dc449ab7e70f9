"""Memory, load, heat, power and clock of a machine, planted in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satellite.diagnostics.doctor import hardware
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.settings import Settings
from tests.diagnostics.doctor.examined import findings, of, only

MEMORY = "MemTotal:  1000000 kB\nMemFree: 20000 kB\nMemAvailable: {} kB\n"


def planted(root: Path, **files: str) -> ExaminationInput:
    """A machine with these files; `__` in a name stands for a slash."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return ExaminationInput(Settings(), root=root)


async def test_little_memory_and_programs_that_were_ended_are_told(tmp_path: Path) -> None:
    case = planted(tmp_path, proc__meminfo=MEMORY.format(50000), proc__vmstat="a 1\noom_kill 2\n")
    low, killed = of("warning", await findings(hardware.memory, case))
    assert low.found == "48 of 976 MB available"
    assert killed.found.startswith("2 programs were ended")


async def test_enough_memory_is_well(tmp_path: Path) -> None:
    case = planted(tmp_path, proc__meminfo=MEMORY.format(800000), proc__vmstat="oom_kill 0\n")
    (found,) = await findings(hardware.memory, case)
    assert found.state == "ok"


async def test_the_memory_of_this_machine_is_read() -> None:
    assert (await findings(hardware.memory))[0].about == "memory"


async def test_a_busy_machine_is_told(tmp_path: Path) -> None:
    average = 3 * (os.cpu_count() or 1)
    case = planted(tmp_path, proc__loadavg=f"0.1 {average}.0 0.3 1/200 5\n")
    assert "programs want to run" in only("warning", await findings(hardware.load, case)).found


@pytest.mark.parametrize(("degrees", "state"), [(50, "ok"), (77, "note"), (84, "warning")])
async def test_heat(tmp_path: Path, degrees: int, state: str) -> None:
    case = planted(
        tmp_path,
        sys__class__thermal__thermal_zone0__temp=f"{degrees}000\n",
        sys__class__thermal__thermal_zone1__temp="-273000\n",
    )
    found = (await findings(hardware.heat, case))[0]
    assert (found.state, found.found) == (state, f"{degrees} °C")


@pytest.mark.parametrize(
    ("bits", "states"),
    [
        ("0", ["ok"]),
        ("50005", ["broken", "warning"]),
        ("50000", ["warning", "note"]),
        ("80008", ["warning"]),
        ("80000", ["note"]),
    ],
)
async def test_what_the_firmware_of_a_pi_says(tmp_path: Path, bits: str, states: list[str]) -> None:
    case = planted(tmp_path)
    file = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(f"{bits}\n")
    found = await findings(hardware.heat, case)
    assert [finding.state for finding in found] == states
    assert all(finding.remedy for finding in found if finding.state != "ok")


async def test_vcgencmd_is_asked_where_the_kernel_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text("#!/bin/sh\necho throttled=0x10000\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (found,) = await findings(hardware.heat, planted(tmp_path))
    assert (found.about, found.state) == ("power", "warning")


async def test_a_machine_that_tells_no_heat_is_well(tmp_path: Path) -> None:
    (found,) = await findings(hardware.heat, planted(tmp_path))
    assert found.state == "ok"


@pytest.mark.parametrize(("state", "told"), [(0, "ok"), (5, "warning"), (None, "note")])
async def test_the_clock(monkeypatch: pytest.MonkeyPatch, state: int | None, told: str) -> None:
    monkeypatch.setattr(hardware, "kernel_clock", lambda: state)
    (found,) = await findings(hardware.clock)
    assert found.state == told


async def test_a_clock_that_was_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "time", lambda: 1000.0)
    assert "never set" in only("broken", await findings(hardware.clock)).found


def test_this_kernel_tells_the_state_of_its_clock() -> None:
    assert hardware.kernel_clock() in range(6)
