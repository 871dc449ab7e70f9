"""A memory-mapped file whose pages can be given back."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from satellite.lib.platform.memory import release_pages


class MappedFile:
    """A file as memory, for C libraries."""

    def __init__(self, path: Path) -> None:
        """Map a file. Raises `OSError`, `ValueError` for one without content."""
        with path.open("rb") as file:
            self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self._content)
        """Bytes."""
        self.address = int(np.frombuffer(self._content, np.uint8).ctypes.data)
        """Address of its first byte, valid while this object lives."""

    def release_pages(self) -> None:
        """Give back the memory of the pages read so far; later reads come from the file."""
        release_pages(self._content)
