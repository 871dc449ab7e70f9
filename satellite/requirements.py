"""What a plugin needs from its machine, and how a person gets it."""

from __future__ import annotations

import ctypes.util
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import msgspec


class Requirement(Protocol):
    """Something that may be missing from this machine."""

    def missing(self) -> str | None:
        """Return in one line what is missing and how to get it; None if nothing is missing."""


class Package(msgspec.Struct, frozen=True):
    """A Python package, importable as `module`, which `pip install 'satellite[extra]'` brings."""

    module: str
    extra: str | None = None

    def __str__(self) -> str:
        return f"Python package {self.module}"

    def missing(self) -> str | None:
        found = find_spec(self.module)
        if found is not None and found.origin is not None:  # a mere folder of that name has none
            return None
        return f"the Python package {self.module} is not installed: {self._how()}"

    def _how(self) -> str:
        if self.extra and (owner := _installer()) is not None:
            by = "sudo " if owner == 0 else ""
            return f"{by}deploy/install.sh{'' if owner == 0 else ' --user'} --extras {self.extra}"
        source = f"satellite[{self.extra}]" if self.extra else self.module
        return f"pip install '{source}'"


def _installer() -> int | None:
    """The user who ran deploy/install.sh, where that installed this program: it leaves a record
    beside the program's environment."""
    try:
        return (Path(sys.prefix).parent / ".installed").stat().st_uid
    except OSError:
        return None


class Program(msgspec.Struct, frozen=True):
    """A program on the search path, from the Debian package `debian`."""

    name: str
    debian: str

    def __str__(self) -> str:
        return f"program {self.name}"

    def missing(self) -> str | None:
        if shutil.which(self.name) is not None:
            return None
        return f"the program {self.name} is not installed: apt install {self.debian}"


class Library(msgspec.Struct, frozen=True):
    """A shared library, from the Debian package `debian`."""

    name: str
    debian: str

    def __str__(self) -> str:
        return f"library {self.name}"

    def missing(self) -> str | None:
        if ctypes.util.find_library(self.name) is not None:
            return None
        return f"the library {self.name} is not installed: apt install {self.debian}"
