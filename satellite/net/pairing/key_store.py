"""A folder of secrets that only its owner can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from satellite.lib.file_lock import FileBusy, locked
from satellite.lib.persistence import atomic_write
from satellite.lib.platform import users
from satellite.net.pairing.errors import KeysUnusable

_LOCKED = "keys"
"""Stands for all files of the folder."""


class KeyStore:
    """Files of mode 0600 in a folder of mode 0700, both owned by this user."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it is missing. Raises `KeysUnusable`."""
        path = self.path_of(name)
        return None if path is None else path.read_bytes()

    def path_of(self, name: str) -> Path | None:
        """Return the path of a file, for libraries that read it themselves; None if it is missing.

        Raises `KeysUnusable` if other users can access the file or the folder.
        """
        path = self.path / name
        try:
            for item in (self.path, path):
                _check(item)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeysUnusable(f"{path} cannot be read: {error.strerror}") from error
        return path

    def stamp(self, name: str) -> tuple[int, int] | None:
        """Return a value that changes whenever the file does; None if it is missing."""
        try:
            status = os.stat(self.path / name)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def write(self, name: str, content: bytes) -> Path:
        """Replace a file atomically. Raises `KeysUnusable`."""
        path = self.path / name
        try:
            self._create()
            atomic_write(path, content)
        except OSError as error:
            raise KeysUnusable(f"{path} cannot be written: {error.strerror}") from error
        return path

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Lock the folder against other processes during this block. Raises `KeysUnusable`."""
        with ExitStack() as stack:
            try:
                self._create()
                stack.enter_context(locked(self.path / _LOCKED))
            except OSError as error:
                raise KeysUnusable(f"{self.path} cannot be written: {error.strerror}") from error
            except FileBusy as error:
                raise KeysUnusable(str(error)) from error
            yield

    def _create(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(self.path)


def _check(path: Path) -> None:
    status = os.lstat(path)
    if not users.owns(status):
        raise KeysUnusable(
            f"{path} belongs to another user: run this as the user that satellite runs as, or "
            "give it to that user with chown"
        )
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISLNK(status.st_mode) and not users.open_to_others(status):
        return
    wanted = "700" if stat.S_ISDIR(status.st_mode) else "600"
    raise KeysUnusable(
        f"{path} can be read or changed by other users (mode {mode:03o}): if none has done so, run "
        f"chmod {wanted} {path}; otherwise remove {path.parent if wanted == '600' else path} and "
        "pair again"
    )
