"""A file that is being downloaded: the bytes so far, and their hashes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from servers.models.download_plan import RemoteFile
from servers.models.manifest import BLOCK
from servers.models.progress import Progress


class PartialFile:
    """Appends to a file and hashes its contents, those from earlier tries included.

    Earlier contents stay only where the source publishes a hash: nothing else could show whether
    two halves belong to the same file.
    """

    def __init__(self, path: Path, remote: RemoteFile, progress: Progress) -> None:
        self.path = path
        self._remote = remote
        self._progress = progress
        self._published: str | None = None

    def __enter__(self) -> Self:
        if self.path.is_symlink():  # not made by this program: its target is not ours to change
            self.path.unlink()
        self._file = self.path.open("a+b")
        self._begin()
        self._file.seek(0)
        while block := self._file.read(BLOCK):
            self._take(block)
        if self._remote.digest is None or (self.left or 0) < 0:
            self.restart()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def left(self) -> int | None:
        """Missing bytes; None where the source does not publish the size."""
        return None if self._remote.size is None else self._remote.size - self.size

    @property
    def complete(self) -> bool:
        """Whether no byte is missing; False where the size is unknown."""
        return self.left == 0

    @property
    def sha256(self) -> str:
        """The hash of all bytes so far."""
        return self._sha256.hexdigest()

    def expect(self, sha256: str | None) -> None:
        """Check the file against a hash that the response published, if it did."""
        self._published = sha256 or self._published

    def write(self, block: bytes) -> None:
        """Append bytes. Raises `OSError`."""
        self._file.write(block)
        self._take(block)
        self._progress.advance(len(block))

    def flush(self) -> None:
        """Write every byte to the disk. Raises `OSError`."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def restart(self) -> None:
        """Discard the contents. Raises `OSError`."""
        self._progress.advance(-self.size)
        self._file.truncate(0)
        self._begin()

    def problem(self) -> str | None:
        """Return why the complete file is not the published one; None where it is."""
        digest = self._remote.digest
        if digest is not None and self._check.hexdigest() != digest.value:
            return f"its bytes are not those published ({digest.kind} differs)"
        if self._published is not None and self.sha256 != self._published:
            return "its bytes are not those published (SHA-256 differs)"
        return None

    def _begin(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._check = _hash(self._remote, self._sha256)

    def _take(self, block: bytes) -> None:
        self.size += len(block)
        self._sha256.update(block)
        if self._check is not self._sha256:
            self._check.update(block)


def _hash(remote: RemoteFile, sha256: hashlib._Hash) -> hashlib._Hash:
    """Return a hash of the published kind. Git's begins with `blob`, the length and a zero byte."""
    if remote.digest is None or remote.digest.kind == "sha256":
        return sha256
    if remote.digest.kind == "git":
        return hashlib.sha1(b"blob %d\0" % (remote.size or 0), usedforsecurity=False)
    return hashlib.new(remote.digest.kind, usedforsecurity=False)
