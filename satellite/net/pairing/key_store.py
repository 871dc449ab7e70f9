"""A folder that only its owner can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from satellite.net.pairing.errors import KeysUnusable


class KeyStore:
    """Files of mode 0600 in a folder of mode 0700, both this user's own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none. Raises `KeysUnusable`."""
        path = self.checked(name)
        return None if path is None else path.read_bytes()

    def checked(self, name: str) -> Path | None:
        """Where a file is, for libraries that read it themselves; None where there is none.

        Raises `KeysUnusable` when the file or the folder is not this user's alone.
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
        """Something that changes whenever the file does; None where there is none."""
        try:
            status = os.stat(self.path / name)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def write(self, name: str, content: bytes) -> Path:
        """Write a whole file or leave it as it was. Raises `KeysUnusable`."""
        path, made = self.path / name, self.path / f".{name}.{os.getpid()}"
        try:
            self._make()
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(made, path)
        except OSError as error:
            with suppress(OSError):
                made.unlink()
            raise KeysUnusable(f"{path} cannot be written: {error.strerror}") from error
        return path

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Nobody else changes the folder during this block. Raises `KeysUnusable`."""
        import fcntl

        try:
            self._make()
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise KeysUnusable(f"{self.path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(self.path)


def _check(path: Path) -> None:
    status = os.lstat(path)
    if status.st_uid != os.geteuid():
        raise KeysUnusable(
            f"{path} belongs to another user: run this as the user that satellite runs as, or "
            "give it to that user with chown"
        )
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISLNK(status.st_mode) and not mode & 0o077:
        return
    wanted = "700" if stat.S_ISDIR(status.st_mode) else "600"
    raise KeysUnusable(
        f"{path} can be read or changed by other users (mode {mode:03o}): if nobody has, run "
        f"chmod {wanted} {path}; else remove {path.parent if wanted == '600' else path} and pair "
        "again"
    )
