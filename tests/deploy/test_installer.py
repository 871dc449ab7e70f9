"""The installer's script and its refusals; tests/soak/install_root.py installs with it for real.

That takes root, debootstrap, the network and five minutes, and is therefore no part of every run.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.lint import DEPLOY, run

INSTALLER = DEPLOY / "install.sh"


def refuses(*arguments: str, user: int | None = None) -> str:
    """What it says as it refuses, having done nothing."""
    done = subprocess.run(
        ["sh", str(INSTALLER), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        user=user,
        cwd="/",
    )
    assert done.returncode == 1, done.stdout
    assert "+ " not in done.stdout
    return done.stderr.strip().splitlines()[-1]


def test_it_is_plain_shell() -> None:
    run("shellcheck", "--shell=sh", INSTALLER)
    assert os.access(INSTALLER, os.X_OK)


def test_its_help_names_every_flag_that_it_takes() -> None:
    done = subprocess.run(["sh", str(INSTALLER), "--help"], capture_output=True, text=True)
    text = INSTALLER.read_text()
    loop = text[text.index("while [ $#") : text.index("# places")]
    taken = set(re.findall(r"^\s+(--[a-z-]+)\)", loop, re.M))
    assert taken == set(re.findall(r"--[a-z-]+", done.stdout))
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--frmo", "x"], "install.sh: unknown option: --frmo"),
        (["--from"], "--from needs a source tree"),
        (["--keep-config"], "are for --uninstall"),
        (["--uninstall", "--server"], "--uninstall removes everything"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    assert said in refuses(*arguments)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be refused as root")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--user"], "run it without sudo"),
        (["--from", "/nonexistent"], "/nonexistent is not a source tree"),
        (["--from", "/nonexistent.whl"], "the wheel /nonexistent.whl does not exist"),
    ],
)
def test_root_is_refused_what_cannot_be(arguments: list[str], said: str) -> None:
    assert said in refuses(*arguments)


def test_the_whole_machine_is_root_s() -> None:
    nobody = 65534 if os.geteuid() == 0 else None
    try:
        said = refuses(user=nobody)
    except PermissionError:
        pytest.skip("another user cannot read this checkout")
    if "needs root" not in said and "cannot open" in said:
        pytest.skip("another user cannot read this checkout")
    assert "needs root: run it with sudo, or with --user" in said


def test_everything_that_it_copies_exists() -> None:
    for folder in ("systemd", "systemd/user"):
        for name in ("satellite.service", "satellite-server.service"):
            assert (DEPLOY / folder / name).exists()


def test_what_debian_must_bring_is_what_the_program_asks_for() -> None:
    """The packages that our own components name when they miss something."""
    needed = re.findall(r"needed='([^']+)'|needed=\"\$needed ([^\"]+)\"", INSTALLER.read_text())
    packages = set(" ".join(part for parts in needed for part in parts).split())
    root = Path(__file__).parent.parent.parent
    named = set()
    for file in (root / "satellite" / "builtin" / "audio").rglob("*.py"):
        named |= set(re.findall(r'debian="([a-z0-9-]+)"', file.read_text()))
    assert named, "no component names a Debian package"
    assert named <= packages
