"""Files that survive a power cut, and small typed values in them."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from satellite.lib import paths
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

PRIVATE = 0o600
"""Mode of a file that only its owner can read."""

LARGEST = 1024 * 1024
"""Bytes read of a stored value; a larger file was not written here."""


def atomic_write(
    path: Path,
    content: bytes,
    mode: int = PRIVATE,
    *,
    prepare: Callable[[Path], None] = lambda part: None,
) -> None:
    """Replace a file atomically; blocks until it is on the disk. Raises `OSError`.

    After a power cut the file holds what it held before, or all of `content`. Its folder is created
    if necessary. `prepare` gets the new file before it takes the old one's place, to set its owner.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates the file for its owner alone, and follows no symbolic link
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        prepare(part)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    with suppress(OSError):  # the file is in place; not every network file system can sync folders
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk, so that its files keep their names after a power cut.

    Does nothing on systems that cannot (Windows). Raises `OSError`.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class StoredValue(Generic[T]):
    """One value of a type that msgspec knows, in a file of its own.

    Reading and writing block for as long as a small file takes.
    """

    def __init__(self, name: str, kind: type[T], default: T, within: Path | None = None) -> None:
        """The file is NAME.json in the folder `within`, by default `paths.state_folder()`."""
        self._file = (within or paths.state_folder()) / f"{name}.json"
        self._kind = kind
        self._default = default

    @classmethod
    def for_satellite(
        cls, prefix: str, satellite: str, kind: type[T], default: T
    ) -> StoredValue[T]:
        """Return the value of one satellite; others on the same machine have their own."""
        return cls(paths.named_after(prefix, satellite), kind, default)

    def read(self) -> T:
        """Return the value; the default if there is none, or (logged) if it is unreadable."""
        try:
            with self._file.open("rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise msgspec.ValidationError(f"is longer than {LARGEST} bytes")
            return msgspec.json.decode(content, type=self._kind)
        except FileNotFoundError:
            return self._default
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _LOGGER.warning(
                "%s cannot be read, its content is lost: %s", self._file, reason_of(error)
            )
            return self._default

    def write(self, value: T) -> None:
        """Store a value; a failure is logged, and the value is then lost at the next restart."""
        try:
            atomic_write(self._file, msgspec.json.encode(value))
        except OSError as error:
            _LOGGER.warning("%s cannot be stored over a restart: %s", self._file, reason_of(error))
