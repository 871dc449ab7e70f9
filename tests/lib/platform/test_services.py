"""Services of macOS and Windows: their files, and the commands that setup runs for them."""

from __future__ import annotations

import os
import plistlib
import xml.etree.ElementTree as Tree
from pathlib import Path

import pytest

from satellite.cli.guided_setup.system_service import service, service_stopped
from satellite.cli.guided_setup.wizard import SetupOptions, Wizard
from satellite.config.keys import build
from satellite.lib.platform import system
from satellite.lib.platform.services import LABEL, TASK, launchd, task_scheduler
from tests.cli.guided_setup.test_script import NoPerson

COMMAND = ["/opt/py thon/bin/python", "-m", "satellite", "--config", "/a & b.toml"]
NAMES = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> {log}
case "$*" in print*|*Get-ScheduledTask*) exit {active} ;; esac
"""


class Person(NoPerson):
    """A person who presses Enter."""

    present = True


def test_a_launch_agent_runs_the_program_at_log_in(tmp_path: Path) -> None:
    own = launchd(COMMAND, tmp_path, 501)
    own.write()
    facts = plistlib.loads((tmp_path / "Library/LaunchAgents" / f"{LABEL}.plist").read_bytes())
    assert facts["ProgramArguments"] == COMMAND
    assert (facts["RunAtLoad"], facts["Label"]) == (True, LABEL)
    assert own.actions["start"][:3] == ("launchctl", "bootstrap", "gui/501")
    assert (tmp_path / "Library/Logs").is_dir()


def test_a_scheduled_task_runs_the_program_at_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERDOMAIN", "HOME&CO")
    own = task_scheduler(COMMAND, tmp_path, "anna")
    own.write()
    task = Tree.fromstring(own.file.read_bytes().decode("utf-16"))
    users = [node.text for node in task.iterfind(".//t:UserId", NAMES)]
    assert users == ["HOME&CO\\anna"] * 2
    assert task.findtext(".//t:ExecutionTimeLimit", namespaces=NAMES) == "PT0S"
    arguments = task.findtext(".//t:Arguments", namespaces=NAMES)
    assert arguments is not None
    assert '"/opt/py thon/bin/python" -m satellite --config "/a & b.toml" 2>> ' in arguments
    assert own.actions["enable"][:5] == ("schtasks", "/Create", "/F", "/TN", TASK)


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize(
    ("name", "enable", "start", "restart"),
    [
        ("darwin", "launchctl enable gui/", "launchctl bootstrap gui/", "launchctl kickstart -k"),
        ("win32", "schtasks /Create /F /TN", "schtasks /Run /TN", "powershell -NoProfile"),
    ],
)
async def test_setup_writes_and_starts_it(
    *,
    name: str,
    enable: str,
    start: str,
    restart: str,
    active: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "log"
    for program in ("launchctl", "schtasks", "powershell"):
        file = tmp_path / "bin" / program
        file.parent.mkdir(exist_ok=True)
        file.write_text(PROGRAM.format(log=log, active=0 if active else 1))
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    session = Wizard(Person(), build({}), options=SetupOptions(service=True))
    with monkeypatch.context() as patched:
        patched.setattr(system, "name", lambda: name)
        answer = await service(session)
    calls = log.read_text().splitlines()
    assert calls[1].startswith(enable)
    assert calls[2].startswith(restart if active else start)
    assert "The service is running. To see its log: " in answer
    assert len(list(tmp_path.rglob("*.plist")) + list(tmp_path.rglob("*-task.xml"))) == 1


async def test_a_running_service_is_stopped_during_the_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    file = tmp_path / "bin" / "launchctl"
    file.parent.mkdir()
    file.write_text(PROGRAM.format(log=log, active=0))
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(system, "name", lambda: "darwin")
    async with service_stopped(Wizard(Person(), build({}))) as state:
        assert state == "stopped"
    verbs = [line.split()[1] for line in log.read_text().splitlines()]
    assert verbs == ["print", "bootout", "bootstrap"]
