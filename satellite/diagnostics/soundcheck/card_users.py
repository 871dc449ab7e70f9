"""Programs that have a sound card open."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

SOUND_SERVERS = ("pulseaudio", "pipewire", "pipewire-pulse", "wireplumber")
"""Programs that hold devices so that others can share them."""

_OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)
_PARENT = re.compile(r"^PPid:\s*(\d+)", re.MULTILINE)
_DIRECTIONS = {"c": "microphone", "p": "speaker"}


class CardUser(msgspec.Struct, frozen=True):
    """A program that has a microphone or speaker open."""

    device: str
    """Direction, card and device, as in `microphone 1,0`."""
    pid: int
    """0 for a program outside this container (pid_namespaces(7))."""
    program: str

    def __str__(self) -> str:
        return f"{self.program} (process {self.pid})" if self.pid else self.program

    @property
    def satellite(self) -> bool:
        """Whether it is a satellite, or a recorder or player that a satellite started."""
        return self.program.startswith("satellite")


def card_users(root: Path = Path("/")) -> list[CardUser]:
    """List the programs, of any user and without this process, that have a sound card open.

    The kernel names the owner of each open stream in /proc/asound/card*/pcm*/sub*/status
    (Documentation/sound/designs/procfile.rst). Blocks for milliseconds.
    """
    users = []
    for status in sorted(root.glob("proc/asound/card[0-9]*/pcm*/sub*/status")):
        owner = _OWNER.search(_text(status))
        if owner is None:
            continue
        card, pcm = status.parts[-4].removeprefix("card"), status.parts[-3].removeprefix("pcm")
        process = root / "proc" / owner[1]
        parent = _PARENT.search(_text(process / "status"))
        ours = {owner[1], parent[1] if parent else ""}
        if str(os.getpid()) in ours:
            continue
        program = _program(process)
        if parent and _program(root / "proc" / parent[1]).startswith("satellite"):
            program = "satellite"
        device = f"{_DIRECTIONS.get(pcm[-1:], 'device')} {card},{pcm[:-1]}"
        users.append(CardUser(device, int(owner[1]), program))
    return users


def _program(process: Path) -> str:
    """Return the name of a program, from its folder in /proc: `arecord`, `satellite`, `x.py`."""
    words = _text(process / "cmdline").split("\0")
    name = Path(words[0]).name
    rest = [Path(word).name for word in words[1:] if word and not word.startswith("-")]
    if name.startswith("python") and rest:
        return "satellite" if "satellite" in (rest[0], *words[1:3]) else rest[0]
    return name or "an unknown program"


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # the process has just ended
        return ""
