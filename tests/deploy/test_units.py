"""systemd's own checks of the units, and what holds of each of them."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.lint import DEPLOY
from tests.support.debian import need

UNITS = sorted((DEPLOY / "systemd").rglob("*.service"))
OK = 4.9
"""The highest exposure that systemd-analyze calls OK."""


class Unit(configparser.ConfigParser):
    """A unit, of keys that stand once."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read(path)


def ids(path: Path) -> str:
    return str(path.relative_to(DEPLOY / "systemd"))


def test_there_is_a_unit_for_each_way_of_use() -> None:
    names = ["satellite-server.service", "satellite.service"]
    assert [ids(unit) for unit in UNITS] == [*names, *(f"user/{name}" for name in names)]


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    """With a program where it should be, as there is none before the installation."""
    analyze = need("systemd-analyze", "systemd")
    text = re.sub("^ExecStart=[^ \n]+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
    copy = tmp_path / unit.name
    copy.write_text(text)
    user = ["--user"] if unit.parent.name == "user" else []
    done = subprocess.run(
        [analyze, "verify", *user, str(copy)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, told) == (0, []), done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_its_sandbox_is_ok_or_better(unit: Path) -> None:
    analyze = need("systemd-analyze", "systemd")
    done = subprocess.run(
        [analyze, "security", "--offline=yes", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= OK, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_it_is_watched_started_again_and_bounded(unit: Path) -> None:
    service = Unit(unit)["Service"]
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert 20 <= int(service["WatchdogSec"]) <= 120
    for bound in ("MemoryMax", "TasksMax", "LogRateLimitBurst", "TimeoutStopSec"):
        assert service[bound], bound


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_it_starts_what_the_installer_installs(unit: Path) -> None:
    started = Unit(unit)["Service"]["ExecStart"]
    installer = (DEPLOY / "install.sh").read_text()
    place = {"user": "program=$HOME/.local/lib/satellite"}.get(
        unit.parent.name, "program=/opt/satellite"
    )
    assert place in installer
    assert "venv=$program/venv" in installer
    program = place.partition("=")[2].replace("$HOME", "%h") + "/venv/bin/satellite"
    assert started == program + (" --server" if "server" in unit.name else "")


@pytest.mark.parametrize("scope", ["", "user/"])
def test_after_a_crash_others_are_as_loud_as_they_were(scope: str) -> None:
    service = Unit(DEPLOY / f"systemd/{scope}satellite.service")["Service"]
    assert (
        service["ExecStopPost"] == f"-{service['ExecStart']} unduck"
    )  # its failure changes nothing
