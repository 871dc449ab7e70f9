"""The folder of a model in the store, and the files beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from servers.models import manifest
from servers.models.names import Name

PART = ".part"
"""Suffix of the folder of an unfinished model."""


class ModelFolder(msgspec.Struct, frozen=True):
    """The paths of one model; those that are no complete model begin with a dot."""

    root: Path
    name: Name

    @property
    def folder(self) -> Path:
        """Folder of the complete model."""
        return self.root / self.name.kind / self.name.folder

    @property
    def staging(self) -> Path:
        """Folder of the files downloaded so far."""
        return self.root / self.name.kind / f".{self.name.folder}{PART}"

    @property
    def lock(self) -> Path:
        """File that a process locks while it changes the model."""
        return self.root / self.name.kind / f".{self.name.folder}.lock"


def model_in(folder: Path) -> Name:
    """Return the name of the model that a folder is for, complete or not."""
    record = manifest.read(folder)
    name = folder.name
    if name.startswith("."):
        name = name.removeprefix(".").removesuffix(PART)
    return Name(
        folder.parent.name, record.name if record else name.replace("--", "/").replace("++", ":")
    )


def bytes_in(folder: Path) -> int:
    """Return the size of the files in a folder; 0 for a missing folder."""
    return sum(manifest.size_of(file) or 0 for file in folder.glob("*"))


def discard(folder: Path) -> None:
    """Delete a folder; a part of it never has its name. Raises `OSError`.

    Deletes the remains of an earlier call whose process died, too.
    """
    doomed = folder.with_name(f".{folder.name.lstrip('.')}.gone")
    if doomed.is_symlink() or folder.is_symlink():  # never what a link leads to
        for path in (doomed, folder):
            if path.is_symlink():
                path.unlink()
    if doomed.is_dir():
        shutil.rmtree(doomed)
    if folder.is_dir():
        folder.rename(doomed)
        shutil.rmtree(doomed)
