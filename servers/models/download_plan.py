"""The files to download for a model."""

from __future__ import annotations

import msgspec

from servers.models.names import Name


class Digest(msgspec.Struct, frozen=True):
    """A hash that the source publishes, in hexadecimal digits."""

    kind: str
    """`sha256`, `md5`, or `git`: the SHA-1 of a Git blob."""
    value: str


class RemoteFile(msgspec.Struct, frozen=True):
    """A file at its source."""

    path: str
    """File name in the model's folder, without directories."""
    url: str
    size: int | None
    """Bytes, where the source publishes it."""
    digest: Digest | None = None


class DownloadPlan(msgspec.Struct, frozen=True):
    """The files of a model and their source."""

    name: Name
    source: str
    revision: str
    files: tuple[RemoteFile, ...]
    archive: bool = False
    """Whether its first file is an archive of the model's files."""

    @property
    def total(self) -> int:
        """Bytes of all files whose size is known."""
        return sum(file.size or 0 for file in self.files)
