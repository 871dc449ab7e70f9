"""The list of a model's files, written last: a folder that has one was complete once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from satellite.lib.persistence import atomic_write

FILE = "manifest.json"

BLOCK = 1 << 20
"""Bytes hashed at a time."""

MODE = 0o644
"""Mode of a manifest: every user of the machine may read the models."""


class FileRecord(msgspec.Struct, frozen=True):
    """A file of a model."""

    path: str
    size: int
    """Bytes."""
    sha256: str
    """In hexadecimal digits."""


class Manifest(msgspec.Struct, frozen=True):
    """A model's files and their source."""

    kind: str
    name: str
    source: str
    """The repository, as `OWNER/REPO`, at its address."""
    revision: str
    when: str
    """Time of completion, ISO 8601 in UTC."""
    files: tuple[FileRecord, ...]


class Installed(msgspec.Struct, frozen=True):
    """A complete model on this machine."""

    kind: str
    name: str
    bytes: int
    files: int
    when: str
    path: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def read(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None where it is missing or unreadable."""
    try:
        return from_json((folder / FILE).read_bytes(), Manifest)
    except (OSError, Undecodable):
        return None


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a folder atomically. Raises `OSError`."""
    atomic_write(folder / FILE, msgspec.json.format(msgspec.json.encode(manifest)), MODE)


def read_complete(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; None unless every file exists with its size."""
    manifest = read(folder)
    if manifest is None or any(size_of(folder / r.path) != r.size for r in manifest.files):
        return None
    return manifest


def problems(folder: Path) -> Iterator[str]:
    """Yield the faults of a model's folder, every file read and hashed. Raises `OSError`."""
    manifest = read(folder)
    if manifest is None:
        yield f"{folder} holds no complete model"
        return
    for record in manifest.files:
        size = size_of(folder / record.path)
        if size is None:
            yield f"{record.path} is missing"
        elif size != record.size:
            yield f"{record.path} has {size:,} bytes, not {record.size:,}"
        elif sha256(folder / record.path) != record.sha256:
            yield f"{record.path} has changed since it was downloaded"


def sha256(path: Path) -> str:
    """Return the hash of a file in hexadecimal digits. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def installed(folder: Path, manifest: Manifest) -> Installed:
    """Return the entry of a model in the list."""
    size = sum(record.size for record in manifest.files)
    return Installed(
        manifest.kind,
        manifest.name,
        size,
        len(manifest.files),
        manifest.when,
        str(folder.absolute()),
    )


def size_of(path: Path) -> int | None:
    """Return the size of a file in bytes; None where it is missing or its name is none."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # a name with a zero byte
        return None
