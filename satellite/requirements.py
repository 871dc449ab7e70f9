"""What a plugin needs from its machine, and how a person gets it."""

from __future__ import annotations

import ctypes.util
import json
import shlex
import shutil
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from satellite.text.shell import quoted_word

DISTRIBUTION = "satellite-voice"
"""The name by which package indexes know this program: `satellite` is another project's."""

_FORMER = "satellite"
"""Its name before: an editable environment of then has it until it is installed again."""


class Requirement(Protocol):
    """Something that may be missing from this machine."""

    def missing(self) -> str | None:
        """Return in one line what is missing and how to get it; None if nothing is missing."""


class Package(msgspec.Struct, frozen=True):
    """A Python package, importable as `module`, of this program's `extra`."""

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
        return (
            install_command(self.extra) if self.extra else f"pip install {quoted_word(self.module)}"
        )


class Program(msgspec.Struct, frozen=True):
    """A program on the search path, from the Debian package `debian`."""

    name: str
    debian: str

    def __str__(self) -> str:
        return f"program {self.name}"

    def missing(self) -> str | None:
        if shutil.which(self.name) is not None:
            return None
        return f"the program {self.name} is not installed: {_from_debian(self.debian)}"


class Library(msgspec.Struct, frozen=True):
    """A shared library, from the Debian package `debian`."""

    name: str
    debian: str

    def __str__(self) -> str:
        return f"library {self.name}"

    def missing(self) -> str | None:
        if ctypes.util.find_library(self.name) is not None:
            return None
        return f"the library {self.name} is not installed: {_from_debian(self.debian)}"


def _from_debian(package: str) -> str:
    if Path("/etc/debian_version").exists():
        return f"apt install {package}"
    return f"install it (on Debian: the package {package})"


def own_distribution() -> metadata.Distribution:
    """Return the installed distribution of this program.

    Raises `importlib.metadata.PackageNotFoundError` if the program runs without being installed.
    """
    try:
        return metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        former = metadata.distribution(_FORMER)
        if "satellite.mic" in former.entry_points.groups:
            return former
        raise


def own_version() -> str:
    """Return the version of this program. Raises as `own_distribution`."""
    return own_distribution().version


def is_own(distribution: str) -> bool:
    """Return whether plugins of a distribution are those that come with this program."""
    return distribution in (DISTRIBUTION, _FORMER)


def install_command(*extras: str, upgrade: bool = False) -> str:
    """Return the command that installs extras of this program, or its newest version, in the way in
    which it was installed here: by deploy/install.sh, uv, pipx or pip; from a checkout, a file or
    an index."""
    if (owner := _installer()) is not None:
        script = "sudo deploy/install.sh" if owner == 0 else "deploy/install.sh --user"
        return f"{script} --extras {','.join(extras)}" if extras else script
    origin, editable = _origin()
    prefix = Path(sys.prefix)
    receipt = prefix / "uv-receipt.toml"
    if receipt.is_file():
        extras = tuple(sorted({*extras, *_extras_of_uv(receipt)}))
    source = (origin or DISTRIBUTION) + (f"[{','.join(extras)}]" if extras else "")
    quoted = quoted_word(source) if extras or shlex.quote(source) != source else source
    newer = " --upgrade" if upgrade else ""
    if receipt.is_file():
        return f"uv tool install{newer} {'--editable ' if editable else ''}{quoted}"
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx runpip {DISTRIBUTION} install{newer} {'-e ' if editable else ''}{quoted}"
    pull = ""
    if upgrade and origin and Path(origin, ".git").exists():
        pull = "git pull && " if origin == "." else f"git -C {quoted_word(origin)} pull && "
    return f"{pull}pip install{newer} {'-e ' if editable else ''}{quoted}"


def _origin() -> tuple[str | None, bool]:
    """Return the checkout or file from which this program was installed, as pip takes it, and
    whether it runs from there. None if it came from an index, or if the place has gone."""
    try:
        text = own_distribution().read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None, False
    facts = json.loads(text) if text else {}
    from urllib.request import url2pathname  # imports an HTTP client

    url = urlsplit(facts.get("url", ""))
    path = Path(url2pathname(url.path))
    if url.scheme != "file" or not path.exists():
        return None, False
    editable = bool(facts.get("dir_info", {}).get("editable"))
    return ("." if path.is_dir() and path == Path.cwd() else str(path)), editable


def _extras_of_uv(receipt: Path) -> set[str]:
    """Return the extras with which uv installed this program: its next command replaces them."""
    wanted = tomllib.loads(receipt.read_text()).get("tool", {}).get("requirements", ())
    own = [item for item in wanted if is_own(item.get("name", ""))]
    return {extra for item in own for extra in item.get("extras", ())}


def installed_by_script() -> bool:
    """Return whether deploy/install.sh installed this program."""
    return _installer() is not None


def _installer() -> int | None:
    """The user who ran deploy/install.sh, where that installed this program: it leaves a record
    beside the program's environment."""
    try:
        return (Path(sys.prefix).parent / ".installed").stat().st_uid
    except OSError:
        return None
