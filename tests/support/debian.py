"""Programs of Debian packages that tests drive for real."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


def need(program: str, package: str) -> str:
    """Return the path of a program; install its Debian package as root, or skip the test."""
    if found := shutil.which(program):
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"{program} is not installed (Debian package {package}), and we are not root")
    with (Path(tempfile.gettempdir()) / "satellite-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers run side by side; apt runs once
        if shutil.which(program) is None:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for command in (["update", "-qq"], ["install", "-y", "-qq", package]):
                subprocess.run(
                    ["apt-get", *command], env=environment, capture_output=True, timeout=600
                )
    if found := shutil.which(program):
        return found
    pytest.skip(f"{program} could not be installed (Debian package {package})")
