"""The streams of this satellite: its own process's and those of the programs that it runs."""

from __future__ import annotations

import os
from pathlib import Path

from satellite.audio.sound_server import ServerStream

_DEPTH = 8
"""Processes between this one and a player at most: a shell, a wrapper, `sudo`."""


def is_own_stream(stream: ServerStream) -> bool:
    """Return whether this process, or a program that it started, plays or records a stream.

    A program in another container may have the process id of one of ours, but not its name, too.
    """
    process = stream.process
    for _ in range(_DEPTH):
        if process is None or process <= 1:
            return False
        if process == os.getpid():
            return _has_binary_name(stream)
        process = _parent(process)
    return False


def _has_binary_name(stream: ServerStream) -> bool:
    if not stream.binary or stream.process is None:
        return True
    try:
        return Path(f"/proc/{stream.process}/exe").readlink().name == stream.binary
    except OSError:
        return True  # unknown: not Linux, or it has just ended


def _parent(process: int) -> int | None:
    """Return the parent's id: the fourth field of proc_pid_stat(5), whose second, a name, may hold
    blanks and brackets."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(status.rpartition(")")[2].split()[1])
