"""Where in the store a model lies, and what lies beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from servers.models import manifest
from servers.models.names import Name

PART = ".part"
"""How the folder of an unfinished model ends."""


class ModelFolder(msgspec.Struct, frozen=True):
    """The folder of a model and its neighbours, which have a dot in front and are no models."""

    root: Path
    name: Name

    @property
    def folder(self) -> Path:
        """The model, whole."""
        return self.root / self.name.kind / self.name.folder

    @property
    def staging(self) -> Path:
        """What of it has come so far."""
        return self.root / self.name.kind / f".{self.name.folder}{PART}"

    @property
    def lock(self) -> Path:
        """The file that is locked by who changes it."""
        return self.root / self.name.kind / f".{self.name.folder}.lock"


def name_of(folder: Path) -> Name:
    """The model that a folder is for, whatever is in it."""
    record = manifest.read(folder)
    name = folder.name
    if name.startswith("."):
        name = name.removeprefix(".").removesuffix(PART)
    return Name(folder.parent.name, record.name if record else name.replace("--", "/"))


def bytes_in(folder: Path) -> int:
    """The bytes of the files in a folder; 0 where there is no folder."""
    return sum(manifest.size_of(file) or 0 for file in folder.glob("*"))


def discard(folder: Path) -> None:
    """Delete a folder so that no half of it has its name at any time. Raises `OSError`.

    Deletes too what a process that died left when it did this.
    """
    doomed = folder.with_name(f".{folder.name.lstrip('.')}.gone")
    if doomed.is_dir():
        shutil.rmtree(doomed)
    if folder.is_dir():
        folder.rename(doomed)
        shutil.rmtree(doomed)
