"""The service is offered where there is one; else it is said how to start without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satellite.config.keys import build
from satellite.errors import SatelliteError
from satellite.setup import system_service as module
from satellite.setup.system_service import made_silent, service
from satellite.setup.wizard import Wishes, Wizard
from tests.setup.test_script import Nobody

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
*is-active*) exit {active} ;;
*{failing}*) echo "Job failed." >&2; exit 1 ;;
esac
"""


class Machine:
    """A machine that systemd manages, as far as its files and its program tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"

    def systemctl(self, *, active: bool = False, failing: str = "nothing") -> None:
        for name in ("systemctl", "sudo"):
            program = self._folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            text = SYSTEMCTL.format(log=self._log, active=0 if active else 3, failing=failing)
            program.write_text(text)
            program.chmod(0o755)

    def unit(self) -> None:
        (self._folder / "units").mkdir()
        (self._folder / "units" / module.UNIT).write_text("[Service]\n")

    def calls(self) -> list[str]:
        told = self._log.read_text().splitlines() if self._log.exists() else []
        return [line.removeprefix("systemctl ") for line in told]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(module, "RUNNING", tmp_path)
    monkeypatch.setattr(module, "SYSTEM", tmp_path / "units")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return Machine(tmp_path)


class Somebody(Nobody):
    """Somebody who presses Enter."""

    present = True


async def offered(ask: Nobody, wished: bool | None = None) -> list[str]:
    await service(Wizard(ask, build({}), wishes=Wishes(service=wished)))
    return ask.said


async def test_enter_starts_it_for_good(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    assert "The service runs" in (await offered(Somebody()))[-1]
    assert machine.calls() == [
        "is-active --quiet satellite.service",
        "enable satellite.service",
        "start satellite.service",
    ]


async def test_one_that_runs_is_started_again(machine: Machine) -> None:
    machine.systemctl(active=True)
    machine.unit()
    await offered(Nobody(), wished=True)
    assert machine.calls()[-1] == "restart satellite.service"


async def test_nobody_and_no_service_start_nothing(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    for ask, wished in ((Nobody(), None), (Somebody(), False)):
        assert "enable --now satellite" in (await offered(ask, wished))[-1]
    assert all(call.startswith("is-active") for call in machine.calls())


async def test_without_a_unit_it_is_said_how_to_start(machine: Machine) -> None:
    assert (await offered(Somebody()))[-1] == "Start it: satellite"
    with pytest.raises(SatelliteError, match=r"deploy/install\.sh"):
        await offered(Nobody(), wished=True)


async def test_a_start_that_fails_is_told(machine: Machine) -> None:
    machine.systemctl(failing="start")
    machine.unit()
    with pytest.raises(SatelliteError, match=r"Job failed\.; see: journalctl"):
        await offered(Nobody(), wished=True)


async def test_one_that_runs_is_stopped_while_its_devices_are_tried(machine: Machine) -> None:
    machine.systemctl(active=True)
    machine.unit()
    session = Wizard(Somebody(), build({}))
    during = []

    async def trying() -> None:
        async with made_silent(session):
            during.extend(machine.calls())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await trying()
    assert during[-1] == "stop satellite.service"
    assert machine.calls()[-1] == "start --no-block satellite.service"


async def test_one_that_does_not_run_is_not_asked_about(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    async with made_silent(Wizard(Somebody(), build({}))):
        pass
    assert machine.calls() == ["is-active --quiet satellite.service"]
