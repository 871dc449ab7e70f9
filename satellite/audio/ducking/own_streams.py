"""Which processes belong to this satellite: itself and the programs that it runs."""

from __future__ import annotations

import os
from pathlib import Path

from satellite.audio.sound_server import Stream

_DEPTH = 8
"""Processes between us and a player: a shell, a wrapper, `sudo`; more would be a stranger."""


def is_ours(stream: Stream) -> bool:
    """Whether we play it, or a program that we have started.

    A program in another container may have a process id like one of ours, but not its name, too.
    """
    process = stream.process
    for _ in range(_DEPTH):
        if process is None or process <= 1:
            return False
        if process == os.getpid():
            return _is_named(stream)
        process = _parent(process)
    return False


def _is_named(stream: Stream) -> bool:
    if not stream.binary or stream.process is None:
        return True
    try:
        return Path(f"/proc/{stream.process}/exe").readlink().name == stream.binary
    except OSError:
        return True  # nobody tells: not Linux, or it has just ended


def _parent(process: int) -> int | None:
    """The fourth field of proc_pid_stat(5); the second, a name, may hold blanks and brackets."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(status.rpartition(")")[2].split()[1])
