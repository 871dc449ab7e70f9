"""The service is started if there is one; otherwise the command to start is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satellite.cli.guided_setup import system_service as module
from satellite.cli.guided_setup.system_service import service, service_stopped
from satellite.cli.guided_setup.wizard import SetupOptions, Wizard
from satellite.config.keys import build
from satellite.errors import SatelliteError
from tests.cli.guided_setup.test_script import NoPerson

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
*is-active*) exit {active} ;;
*{failing}*) echo "Job failed." >&2; exit 1 ;;
esac
"""


class Machine:
    """A machine with the files and the program of systemd."""

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
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line.removeprefix("systemctl ") for line in lines]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(module, "RUNNING", tmp_path)
    monkeypatch.setattr(module, "SYSTEM", tmp_path / "units")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return Machine(tmp_path)


class Person(NoPerson):
    """A person who presses Enter."""

    present = True


class Unwilling(Person):
    """A person who answers every question with no."""

    async def yes(self, question: str, default: bool) -> bool:
        return False


async def offered(ask: NoPerson, start: bool | None = None, *, restart: bool = False) -> str:
    return await service(
        Wizard(ask, build({}), options=SetupOptions(service=start)), restart=restart
    )


async def test_enter_enables_and_starts_the_service(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    assert "The service is running" in await offered(Person())
    assert machine.calls() == [
        "is-active --quiet satellite.service",
        "enable satellite.service",
        "start satellite.service",
    ]


async def test_a_running_service_is_restarted(machine: Machine) -> None:
    machine.systemctl(active=True)
    machine.unit()
    await offered(NoPerson(), start=True)
    assert machine.calls()[-1] == "restart satellite.service"


async def test_without_a_person_or_with_no_service_nothing_is_started(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    for ask, start in ((NoPerson(), None), (Person(), False)):
        assert "enable --now satellite" in await offered(ask, start)
    assert all(call.startswith("is-active") for call in machine.calls())


async def test_without_a_unit_the_command_to_start_is_shown(machine: Machine) -> None:
    command = f"satellite --config {Path('satellite.toml').absolute()}"
    assert await offered(Person()) == f"To start the satellite: {command}"
    with pytest.raises(SatelliteError, match=r"deploy/install\.sh"):
        await offered(NoPerson(), start=True)


async def test_a_start_that_fails_is_reported(machine: Machine) -> None:
    machine.systemctl(failing="start")
    machine.unit()
    with pytest.raises(SatelliteError, match=r"Job failed\.; see: journalctl"):
        await offered(NoPerson(), start=True)


async def test_a_running_service_is_stopped_while_its_devices_are_tried(machine: Machine) -> None:
    machine.systemctl(active=True)
    machine.unit()
    session = Wizard(Person(), build({}))
    during = []

    async def trying() -> None:
        async with service_stopped(session) as before:
            during.extend([before, *machine.calls()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await trying()
    assert (during[0], during[-1]) == ("stopped", "stop satellite.service")
    assert machine.calls()[-1] == "start --no-block satellite.service"


async def test_a_stopped_service_is_not_asked_about(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    async with service_stopped(Wizard(Person(), build({}))) as before:
        assert before == "idle"
    assert machine.calls() == ["is-active --quiet satellite.service"]


async def test_a_service_that_was_stopped_is_started_without_a_question(machine: Machine) -> None:
    machine.systemctl()
    machine.unit()
    ask = Unwilling()
    assert "The service is running" in await offered(ask, restart=True)
    assert machine.calls()[-1] == "start satellite.service"
    assert ask.lines == []


async def test_a_service_that_may_not_be_stopped_runs_on(machine: Machine) -> None:
    machine.systemctl(active=True)
    machine.unit()
    async with service_stopped(Wizard(Unwilling(), build({}))) as before:
        assert before == "running"
    assert machine.calls() == ["is-active --quiet satellite.service"]
