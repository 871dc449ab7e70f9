"""A file on its way: the bytes so far, and their hashes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from servers.models.manifest import BLOCK
from servers.models.plan import Wanted
from servers.models.progress import Progress


class Arriving:
    """Appends to a file and hashes what is in it, what was there before included.

    What was there is kept only where the source publishes a hash: nothing else could tell whether
    two halves are of the same file.
    """

    def __init__(self, path: Path, wanted: Wanted, progress: Progress) -> None:
        self.path = path
        self._wanted = wanted
        self._progress = progress
        self._published: str | None = None

    def __enter__(self) -> Self:
        self._file = self.path.open("a+b")
        self._begin()
        self._file.seek(0)
        while block := self._file.read(BLOCK):
            self._take(block)
        if self._wanted.digest is None or (self.left or 0) < 0:
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
        """Bytes that are due; None where the source does not publish the size."""
        return None if self._wanted.size is None else self._wanted.size - self.size

    @property
    def complete(self) -> bool:
        """Whether every byte is here, where that can be known."""
        return self.left == 0

    @property
    def sha256(self) -> str:
        """The hash of all bytes so far."""
        return self._sha256.hexdigest()

    def expect(self, sha256: str | None) -> None:
        """Hold the file against a hash that became known while fetching, if one did."""
        self._published = sha256 or self._published

    def write(self, block: bytes) -> None:
        """Append bytes. Raises `OSError`."""
        self._file.write(block)
        self._take(block)
        self._progress.advance(len(block))

    def flush(self) -> None:
        """Have every byte on the disk. Raises `OSError`."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def restart(self) -> None:
        """Throw away what is here. Raises `OSError`."""
        self._progress.advance(-self.size)
        self._file.truncate(0)
        self._begin()

    def problem(self) -> str | None:
        """What is wrong with the whole file's bytes; None when they are as published."""
        digest = self._wanted.digest
        if digest is not None and self._check.hexdigest() != digest.value:
            return f"its bytes are not those published ({digest.kind} differs)"
        if self._published is not None and self.sha256 != self._published:
            return "its bytes are not those published (SHA-256 differs)"
        return None

    def _begin(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._check = _hash(self._wanted, self._sha256)

    def _take(self, block: bytes) -> None:
        self.size += len(block)
        self._sha256.update(block)
        if self._check is not self._sha256:
            self._check.update(block)


def _hash(wanted: Wanted, sha256: hashlib._Hash) -> hashlib._Hash:
    """The published kind of hash. Git's begins with `blob`, the length and a zero byte."""
    if wanted.digest is None or wanted.digest.kind == "sha256":
        return sha256
    if wanted.digest.kind == "git":
        return hashlib.sha1(b"blob %d\0" % (wanted.size or 0), usedforsecurity=False)
    return hashlib.new(wanted.digest.kind, usedforsecurity=False)
