"""A file whose content lies in memory for as long as it is looked at, and no longer."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np


class MappedFile:
    """A file as memory, for C libraries."""

    def __init__(self, path: Path) -> None:
        """Map a file. Raises `OSError`, `ValueError` for one without content."""
        with path.open("rb") as file:
            self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self._content)
        """Bytes."""
        self.address = int(np.frombuffer(self._content, np.uint8).ctypes.data)
        """Where it begins, while this lives."""

    def rest(self) -> None:
        """Give back the memory of what was read of it; what is read again comes from the file."""
        if hasattr(mmap, "MADV_DONTNEED"):  # elsewhere it stays
            self._content.madvise(mmap.MADV_DONTNEED)
