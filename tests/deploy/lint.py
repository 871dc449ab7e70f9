"""Programs that check files, as they are installed with the development extra."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parent.parent.parent / "deploy"


def run(program: str, *arguments: str | Path) -> str:
    """Run a checker over files of `deploy`; what it said. Skips the test where it is not there."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: pip install -e '.[dev]'")
    done = subprocess.run(
        [found, *map(str, arguments)], cwd=DEPLOY, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
