"""Memory, load, heat, power and clock of a machine, planted in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satellite.diagnostics.doctor import hardware
from satellite.diagnostics.doctor.context import Context
from tests.diagnostics.doctor.findings import findings, of, only

MEMORY = "MemTotal:  1000000 kB\nMemFree: 20000 kB\nMemAvailable: {} kB\n"


def planted(root: Path, **files: str) -> Context:
    """Return a machine with these files; `__` in a name stands for a slash."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Context(root=root)


async def test_little_memory_and_killed_programs_are_reported(tmp_path: Path) -> None:
    machine = planted(
        tmp_path, proc__meminfo=MEMORY.format(50000), proc__vmstat="a 1\noom_kill 2\n"
    )
    low, killed = of("warning", await findings(hardware.memory, machine))
    assert low.found == "48 of 976 MB available"
    assert killed.found.startswith("2 programs were killed")


async def test_enough_memory_is_ok(tmp_path: Path) -> None:
    machine = planted(tmp_path, proc__meminfo=MEMORY.format(800000), proc__vmstat="oom_kill 0\n")
    (found,) = await findings(hardware.memory, machine)
    assert found.state == "ok"


async def test_the_memory_of_this_machine_is_read() -> None:
    assert (await findings(hardware.memory))[0].about == "memory"


async def test_a_busy_machine_is_reported(tmp_path: Path) -> None:
    average = 3 * (os.cpu_count() or 1)
    machine = planted(tmp_path, proc__loadavg=f"0.1 {average}.0 0.3 1/200 5\n")
    assert only("warning", await findings(hardware.load, machine)).found.startswith(
        f"{average}.0 on "
    )


@pytest.mark.parametrize(("degrees", "state"), [(50, "ok"), (77, "note"), (84, "warning")])
async def test_heat(tmp_path: Path, degrees: int, state: str) -> None:
    machine = planted(
        tmp_path,
        sys__class__thermal__thermal_zone0__temp=f"{degrees}000\n",
        sys__class__thermal__thermal_zone1__temp="-273000\n",
    )
    found = (await findings(hardware.heat, machine))[0]
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
async def test_the_throttling_of_a_pi(tmp_path: Path, bits: str, states: list[str]) -> None:
    machine = planted(tmp_path)
    file = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(f"{bits}\n")
    found = await findings(hardware.heat, machine)
    assert [finding.state for finding in found] == states
    assert all(finding.remedy for finding in found if finding.state != "ok")


async def test_vcgencmd_is_asked_if_the_kernel_has_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text("#!/bin/sh\necho throttled=0x10000\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (found,) = await findings(hardware.heat, planted(tmp_path))
    assert (found.about, found.state) == ("power", "warning")


async def test_a_machine_without_sensors_is_ok(tmp_path: Path) -> None:
    (found,) = await findings(hardware.heat, planted(tmp_path))
    assert found.state == "ok"


@pytest.mark.parametrize(
    ("script", "state"), [("echo yes", "ok"), ("echo no", "warning"), ("exit 1", "note")]
)
async def test_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, state: str
) -> None:
    program = tmp_path / "timedatectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (found,) = await findings(hardware.clock)
    assert found.state == state
    assert found.remedy or state == "ok"


async def test_a_clock_that_was_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "time", lambda: 1000.0)
    assert "never set" in only("broken", await findings(hardware.clock)).found
