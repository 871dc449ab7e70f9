"""Services of a user on macOS (launchd.plist(5)) and Windows (Task Scheduler), for systemd's."""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from satellite.lib.platform import system, users

LABEL = "io.github.satellite-voice"
"""The name of the service for launchd."""
TASK = "Satellite voice"
"""The name of the service for the Task Scheduler."""

_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Satellite, a voice assistant</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled><UserId>{user}</UserId></LogonTrigger></Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>99</Count></RestartOnFailure>
    <Hidden>true</Hidden>
  </Settings>
  <Actions Context="Author">
    <Exec><Command>cmd.exe</Command><Arguments>{arguments}</Arguments></Exec>
  </Actions>
</Task>
"""
"""Without a limit of time, which is three days otherwise, and on batteries, too."""


class UserService(msgspec.Struct, frozen=True):
    """The service of this user, which starts when the user logs in."""

    file: Path
    """Describes the service."""
    content: bytes
    log: Path
    actions: Mapping[str, tuple[str, ...]]
    """Commands by systemctl's verbs: enable, start, restart, stop, is-active."""

    def write(self) -> None:
        """Write the file, and make the folder of the log. Raises `OSError`."""
        for path in (self.file, self.log):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self.content)

    @property
    def follow(self) -> str:
        """The command that shows the log, for a person to type."""
        if system.is_windows():
            return f'powershell Get-Content -Wait "{self.log}"'
        return f"tail -f '{self.log}'"


def user_service(arguments: Sequence[str], folder: Path) -> UserService | None:
    """Return the service that runs this program with `arguments`; its files are below `folder`
    where the system does not want them elsewhere. None on Linux, which has systemd's units."""
    command = [sys.executable, "-m", "satellite", *arguments]
    if system.name() == "darwin":
        return launchd(command, Path.home(), users.caller())
    if system.is_windows():
        return task_scheduler(command, folder, users.name())
    return None


def launchd(command: Sequence[str], home: Path, user: int) -> UserService:
    """Return the service as a launch agent of a user, in the session of its screen: only there may
    a program ask for the microphone."""
    log = home / "Library" / "Logs" / "satellite.log"
    file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    facts = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ProcessType": "Interactive",  # otherwise it is slowed down in the background
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    domain = f"gui/{user}"
    own = f"{domain}/{LABEL}"
    actions = {
        "enable": ("launchctl", "enable", own),
        "start": ("launchctl", "bootstrap", domain, str(file)),
        "restart": ("launchctl", "kickstart", "-k", own),
        "stop": ("launchctl", "bootout", own),
        "is-active": ("launchctl", "print", own),
    }
    return UserService(file, plistlib.dumps(facts), log, actions)


def task_scheduler(command: Sequence[str], folder: Path, user: str) -> UserService:
    """Return the service as a scheduled task of a user."""
    log = folder / "satellite.log"
    file = folder / "satellite-task.xml"
    # the shell, as a task has no file for its errors; its outer quotes are its own
    line = (
        f'/d /s /c "{subprocess.list2cmdline(command)} 2>> {subprocess.list2cmdline([str(log)])}"'
    )
    text = _TASK.format(user=escape(_domain() + user), arguments=escape(line))
    end, run = (f'schtasks /{verb} /TN "{TASK}"' for verb in ("End", "Run"))
    state = f"(Get-ScheduledTask -TaskName '{TASK}' -ErrorAction SilentlyContinue).State"
    actions = {
        "enable": ("schtasks", "/Create", "/F", "/TN", TASK, "/XML", str(file)),
        "start": ("schtasks", "/Run", "/TN", TASK),
        "restart": ("powershell", "-NoProfile", "-Command", f"{end}; {run}"),
        "stop": ("schtasks", "/End", "/TN", TASK),
        "is-active": (
            *("powershell", "-NoProfile", "-Command"),
            f"exit [int]({state} -ne 'Running')",
        ),
    }
    return UserService(file, text.encode("utf-16"), log, actions)


def _domain() -> str:
    domain = os.environ.get("USERDOMAIN", "")
    return f"{domain}\\" if domain else ""
