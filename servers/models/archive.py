"""Archives of models: their files without folders, within limits, and never a link."""

from __future__ import annotations

import bz2
import gzip
import io
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from satellite.errors import DownloadFailed
from satellite.text.quoted import quoted

MOST_FILES = 10_000
"""Entries of an archive. Those of voices have a thousand, of eSpeak NG's data."""
MOST_BYTES = 16 << 30
"""Bytes of all its files. The largest model has 3 GB."""
_MOST_HEADER = 1 << 20
"""Bytes that are read at once: `tarfile` reads a header of any size into memory."""
_BLOCK = 1 << 20
_DEPTH = 2
"""Parts of the path of a file in the only folder of an archive."""

Choice = Callable[[Iterable[str]], Iterable[str]]
"""Chooses the files of a model by their names."""


def extract(archive: Path, target: Path, choose: Choice, what: str) -> tuple[str, ...]:
    """Write the chosen files of a tar archive into a folder; return their names.

    They are those in its root, or in its only folder. `what` begins error messages.

    Raises:
        DownloadFailed: It is no such archive, is damaged or too large, or holds a link, a device,
            or a path that leads out of it.
        OSError: A file cannot be written.
    """
    try:
        with _opened(archive) as content:
            members = {_path(member, what): member for member in _members(content, what)}
            deepest_first = sorted(members, key=lambda path: -len(path.parts))
            names = {path.name: path for path in deepest_first if len(path.parts) <= _DEPTH}
            chosen = tuple(choose(names))
            # in their order in the archive, as going back means to decompress from the start
            for name in sorted(chosen, key=lambda name: members[names[name]].offset):
                source = content.extractfile(members[names[name]])
                assert source is not None  # a regular file
                (target / name).unlink(missing_ok=True)  # of an earlier try
                with (target / name).open("xb") as file:
                    shutil.copyfileobj(source, file, _BLOCK)
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, _TooLong) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of a disk, not of the content
            raise
        raise DownloadFailed(f"{what}: {archive.name} is no complete archive: {error}") from error
    return chosen


class _TooLong(Exception):
    pass


class _Bounded(io.RawIOBase):
    """A file whose reads are short."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            raise _TooLong("a header of it is longer than that of a model")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with archive.open("rb") as raw, ExitStack() as opened:
        start = raw.read(3)
        raw.seek(0)
        content: Any = raw
        if start == b"BZh":
            content = opened.enter_context(bz2.BZ2File(raw))
        elif start == b"\x1f\x8b\x08":
            content = opened.enter_context(gzip.GzipFile(fileobj=raw))
        bounded: Any = _Bounded(content)
        yield opened.enter_context(tarfile.open(fileobj=bounded, mode="r:"))


def _members(content: tarfile.TarFile, what: str) -> list[tarfile.TarInfo]:
    found: list[tarfile.TarInfo] = []
    total = 0
    for number, member in enumerate(content):
        total += member.size
        if number >= MOST_FILES or total > MOST_BYTES:
            raise DownloadFailed(
                f"{what}: the archive has more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes: "
                "it is not one of a model"
            )
        if not (member.isreg() or member.isdir()):
            raise DownloadFailed(
                f"{what}: the archive holds {quoted(member.name[:80])}, which is no file: models "
                "have no links and no devices"
            )
        if member.isreg():
            found.append(member)
    return found


def _path(member: tarfile.TarInfo, what: str) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or "\0" in member.name:
        raise DownloadFailed(
            f"{what}: the archive holds the path {quoted(member.name[:80])}, which leads out of it"
        )
    return path
