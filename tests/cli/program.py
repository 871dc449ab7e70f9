"""The program as users run it: a process, its output, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Done(msgspec.Struct, frozen=True):
    """What a run of the program left."""

    code: int
    output: str
    errors: str

    @property
    def complaints(self) -> list[str]:
        """What it said of itself on standard error, without its log. Fails on a traceback."""
        assert "Traceback" not in self.errors, self.errors
        lines = self.errors.splitlines()
        return [line.removeprefix("satellite: ") for line in lines if line.startswith("satellite:")]


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings for the satellite in it."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("SATELLITE_")}
    return {**mine, **more}


def satellite(
    *arguments: str,
    folder: Path | None = None,
    stdin: str = "",
    variables: Mapping[str, str] | None = None,
) -> Done:
    """Run the program to its end, within 30 seconds."""
    done = subprocess.run(
        [sys.executable, "-m", "satellite", *arguments],
        cwd=folder,
        env=environment(**(variables or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return Done(done.returncode, done.stdout, done.stderr)
