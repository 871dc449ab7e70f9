"""The command of an installation for the whole machine: whose places, and whose rights, it has."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.lint import DEPLOY, run
from tests.deploy.test_units import Unit
from tests.support.debian import need

COMMAND = DEPLOY / "systemd/command.sh"
SERVICE, OTHER = "nobody", "daemon"
"""Users that every Debian has, in the places of the service's and of a person's."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")


class Command:
    """The script with a program behind it that tells who it is."""

    def __init__(self, folder: Path) -> None:
        need("setpriv", "util-linux")
        program = folder / "program"
        program.write_text('#!/bin/sh -p\necho "$(id -ru) $(id -u)"\nenv\necho "words=$*"\n')
        program.chmod(0o755)
        self.environment = folder / "environment"
        text = COMMAND.read_text()
        for name, value in (
            ("user", SERVICE),
            ("program", program),
            ("environment", self.environment),
        ):
            text, count = re.subn(f"^{name}=.*$", f"{name}={value}", text, flags=re.M)
            assert count == 1
        text = text.replace("--regid=$user", "--regid=nogroup")
        self._script = folder / "satellite"
        self._script.write_text(text)

    def __call__(self, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self._script), *words],
            env={"PATH": os.environ["PATH"], "HOME": "/home/x", "XDG_STATE_HOME": "/home/x/s"},
            capture_output=True,
            text=True,
            timeout=30,
            user=user,
            cwd="/",
        )


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    folder = tmp_path_factory.mktemp("command")
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o055)
    return Command(folder)


def ids(*names: str) -> str:
    numbers = [subprocess.check_output(["id", "-u", name], text=True).strip() for name in names]
    return " ".join(numbers)


def test_it_is_plain_shell() -> None:
    run("shellcheck", "--shell=sh", COMMAND)
    assert os.access(COMMAND, os.X_OK)


@needs_root
@pytest.mark.parametrize("word", ["models", "status", "--version", "say"])
def test_root_s_command_is_the_service_s(command: Command, word: str) -> None:
    done = command(word, "x y")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == ids(SERVICE, SERVICE)
    for unit in ("satellite.service", "satellite-server.service"):
        given = Unit(DEPLOY / "systemd" / unit)["Service"]["Environment"].split()
        places = {pair for pair in given if not pair.startswith("PYTHON")}
        assert places <= set(lines)
    assert "STATE_DIRECTORY=/var/lib/satellite" in lines
    assert not [line for line in lines if line.startswith("XDG_STATE_HOME")]
    assert f"words={word} x y" in lines


@needs_root
@pytest.mark.parametrize("word", ["setup", "doctor", "demo"])
def test_what_needs_root_here_and_there_can_have_it(command: Command, word: str) -> None:
    lines = command(word).stdout.splitlines()
    assert lines[0] == ids("root", SERVICE)
    assert "HOME=/var/lib/satellite" in lines


@needs_root
def test_it_has_what_the_service_s_environment_says(command: Command) -> None:
    command.environment.write_text('# words\nA_TOKEN="a b"\nOTHER=c d\n\nsh -c "exit 1"\nLAST=e')
    lines = command("status").stdout.splitlines()
    assert {"A_TOKEN=a b", "OTHER=c d", "LAST=e"} <= set(lines)


@needs_root
def test_others_are_sent_to_root_for_what_is_the_service_s(command: Command) -> None:
    for word in ("setup", "models", "pair", "recordings", "stats"):
        done = command(word, "pull", user=OTHER)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"satellite: {word} concerns the service of this machine and needs root: "
            f"sudo satellite {word} pull"
        ]
        assert command(word, "--help", user=OTHER).returncode == 0


@needs_root
@pytest.mark.parametrize("word", ["status", "watch", "mute", "say", "--version"])
def test_others_ask_in_their_own_places(command: Command, word: str) -> None:
    lines = command(word, user=OTHER).stdout.splitlines()
    assert lines[0] == ids(OTHER, OTHER)
    assert "HOME=/home/x" in lines


@needs_root
def test_the_service_s_own_programs_may_use_it(command: Command) -> None:
    lines = command("models", user=SERVICE).stdout.splitlines()
    assert lines[0] == ids(SERVICE, SERVICE)
    assert "HOME=/var/lib/satellite" in lines
