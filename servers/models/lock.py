"""One process at a time fetches a model; the kernel frees the lock of one that dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from satellite.errors import DownloadFailed
from servers.models.progress import Progress

AGAIN = 0.2
"""Seconds between two looks whether the other process is done."""


@contextmanager
def locked(path: Path, model: str, progress: Progress | None) -> Iterator[None]:
    """Hold the lock file `path` inside this block.

    Waits for as long as another process holds it: that is as long as it lives and fetches, which
    has no bound. `progress` is told so, and whatever it raises ends the waiting; without it there
    is no waiting but `DownloadFailed`. Raises `OSError` when the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        waiting = False
        while not _taken(file.fileno()):
            if progress is None:
                raise DownloadFailed(f"{model}: another process is downloading it; try later")
            if not waiting:
                waiting = True
                progress.tell(f"{model}: another process is downloading it; waiting for that")
            progress.advance(0)
            time.sleep(AGAIN)
        yield


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
