"""What is to be fetched for a model."""

from __future__ import annotations

import msgspec

from servers.models.names import Name


class Digest(msgspec.Struct, frozen=True):
    """A hash that the source publishes, in hexadecimal digits."""

    kind: str
    """`sha256`, `md5`, or `git`: the SHA-1 by which Git knows a file (its "blob")."""
    value: str


class Wanted(msgspec.Struct, frozen=True):
    """A file to fetch."""

    path: str
    """What it is called in the model's folder; a plain file name."""
    url: str
    size: int | None
    """Bytes, where the source publishes it."""
    digest: Digest | None = None


class Plan(msgspec.Struct, frozen=True):
    """A model's files."""

    name: Name
    source: str
    revision: str
    files: tuple[Wanted, ...]

    @property
    def total(self) -> int:
        """Bytes of all files whose size is known."""
        return sum(file.size or 0 for file in self.files)
