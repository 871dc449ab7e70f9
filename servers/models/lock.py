"""A lock that lets one process at a time change a model; the kernel frees it when that dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from satellite.errors import DownloadFailed
from satellite.lib.platform.locks import try_lock
from servers.models.progress import Progress

AGAIN = 0.2
"""Seconds between two tries to take the lock."""


@contextmanager
def locked(path: Path, model: str, progress: Progress | None) -> Iterator[None]:
    """Hold the lock file `path` inside this block.

    Waits as long as another process lives and downloads, which has no bound, and reports that to
    `progress`; an exception raised there ends the wait. Without `progress` there is no wait.

    Raises:
        DownloadFailed: Another process holds the lock, and there is no `progress`.
        OSError: The lock file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        waiting = False
        while not try_lock(file.fileno()):
            if progress is None:
                raise DownloadFailed(f"{model}: another process is downloading it; try later")
            if not waiting:
                waiting = True
                progress.report(
                    f"{model}: another process is downloading it; waiting for it to finish"
                )
            progress.advance(0)
            time.sleep(AGAIN)
        yield
