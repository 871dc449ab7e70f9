"""Which process has a file or a socket open, read from /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.lib import privileges

SCAN = 10.0
"""Seconds to look through all processes: tens of milliseconds, on a machine that is not stuck."""


class Process(msgspec.Struct, frozen=True):
    """A program that runs."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"

    @property
    def ours(self) -> bool:
        """Whether it is a satellite, as far as its command tells."""
        return self.name.startswith("satellite")


def open_files(case: ExaminationInput) -> Iterator[tuple[Process, str]]:
    """Every process but this one with what it has open, as far as this user may see it.

    Root sees all; others only their own.
    """
    proc = case.file("proc")
    return _open_files(proc) if privileges.of_child() is None else iter(_seen_by_root(proc))


def _open_files(proc: Path) -> Iterator[tuple[Process, str]]:
    for folder in sorted(proc.glob("[0-9]*")):
        if folder.name == str(os.getpid()):
            continue
        try:
            links = list((folder / "fd").iterdir())
        except OSError:  # another user's, or it has just ended
            continue
        process: Process | None = None
        for link in links:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith(("/", "socket:")):
                process = process or Process(int(folder.name), command(folder))
                yield process, target


def command(folder: Path) -> str:
    """What a process is, in a word or two: `arecord`, `satellite`, `python3 script.py`."""
    try:
        words = (folder / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return "?"
    name = Path(words[0]).name
    rest = [Path(word).name for word in words[1:] if word and not word.startswith("-")]
    if name.startswith("python") and rest:
        return "satellite" if rest[0] == "satellite" or "satellite" in words[1:3] else rest[0]
    return name or "?"


def everything_is_seen() -> bool:
    """Whether this user sees what all others have open."""
    return privileges.root_owned()


def _seen_by_root(proc: Path) -> list[tuple[Process, str]]:
    """What a process sees that has root's rights where this one has not; nothing if it fails."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", __name__, str(proc)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SCAN,
            user=privileges.of_child(),
        )
        found = msgspec.json.decode(done.stdout, type=list[tuple[Process, str]])
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError):
        return []
    return [(process, target) for process, target in found if process.pid != os.getpid()]


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(list(_open_files(Path(sys.argv[1])))))
