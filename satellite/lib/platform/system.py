"""Names of operating systems, and what exists on Linux alone."""

from __future__ import annotations

import sys
from typing import Protocol

import msgspec


def name() -> str:
    """Return the system as `sys.platform` has it: linux, darwin (macOS), win32, and others."""
    return sys.platform


def is_linux() -> bool:
    """Return whether this is Linux."""
    return name() == "linux"


def is_windows() -> bool:
    """Return whether this is Windows."""
    return name() == "win32"


def full_name() -> str:
    """Return the system's name for people."""
    return {"darwin": "macOS", "linux": "Linux", "win32": "Windows"}.get(name(), name())


class _Need(Protocol):
    def missing(self) -> str | None: ...


class OnLinux(msgspec.Struct, frozen=True):
    """A requirement of a part that exists on Linux alone; there, it needs `need`."""

    part: str
    """Its name, as in ALSA."""
    instead: str
    """The remedy on other systems, as in "use portaudio"."""
    need: _Need | None = None

    def __str__(self) -> str:
        return str(self.need) if self.need is not None else f"{self.part} (Linux)"

    def missing(self) -> str | None:
        """Return in one line what is missing; None if nothing is missing."""
        if not is_linux():
            return f"{self.part} exists on Linux only, and this is {full_name()}: {self.instead}"
        return self.need.missing() if self.need is not None else None
