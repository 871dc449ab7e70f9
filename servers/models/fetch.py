"""Downloads the files of a model one by one into a folder; each is resumed, checked, or refused."""

from __future__ import annotations

from pathlib import Path

import httpx

from satellite.errors import DownloadFailed
from satellite.text.whole_number import whole_number
from servers.models import file_check
from servers.models.download_plan import DownloadPlan, RemoteFile
from servers.models.hub import Hub, published_sha256, raw_blocks, refuse_html
from servers.models.manifest import FileRecord
from servers.models.partial_file import PartialFile
from servers.models.progress import Progress
from servers.models.retry import TransientError

GAIN = 256 << 10
"""Bytes of a try that count as progress: a connection that brings less before it breaks counts as a
failure, and one that brings more may break any number of times."""


class Fetcher:
    """Downloads the files of a plan."""

    def __init__(self, hub: Hub, plan: DownloadPlan, folder: Path, progress: Progress) -> None:
        self._hub = hub
        self._plan = plan
        self._folder = folder
        self._progress = progress

    def run(self) -> tuple[FileRecord, ...]:
        """Download every file; return their records. Raises `DownloadFailed`, `OSError`."""
        model = str(self._plan.name)
        here = sum(self._size(remote) for remote in self._plan.files)
        self._progress.begin(model, self._plan.total, here)
        try:
            return tuple(self._file(remote) for remote in self._plan.files)
        finally:
            self._progress.end()

    def _size(self, remote: RemoteFile) -> int:
        path = self._folder / remote.path
        return path.stat().st_size if path.exists() else 0

    def _file(self, remote: RemoteFile) -> FileRecord:
        with PartialFile(self._folder / remote.path, remote, self._progress) as file:
            while True:
                resumed = file.size > 0
                self._fetch(file, remote)
                problem = file.problem() or file_check.problem_of(file.path)
                if problem is None:
                    return FileRecord(remote.path, file.size, file.sha256)
                file.restart()
                if not resumed:
                    raise DownloadFailed(f"{self._plan.name}: {remote.url}: {problem}")
                self._progress.report(f"{remote.path}: {problem}; downloading all of it again")

    def _fetch(self, file: PartialFile, remote: RemoteFile) -> None:
        before = file.size

        def gained() -> bool:
            nonlocal before
            more, before = file.size - before, file.size
            return more >= GAIN

        self._hub.retry.keep_trying(
            lambda: self._try(file, remote),
            f"{self._plan.name}: {remote.path}",
            self._progress,
            gained,
        )

    def _try(self, file: PartialFile, remote: RemoteFile) -> None:
        if file.complete:
            return
        with self._hub.opened(remote.url, str(self._plan.name), file.size) as response:
            self._position(file, response)
            refuse_html(response, str(self._plan.name))
            file.expect(published_sha256(response))
            if (left := file.left) is not None:
                self._refuse_length(response, left, remote)
            for block in raw_blocks(response):
                if file.left is not None and len(block) > file.left:
                    file.restart()
                    raise DownloadFailed(
                        f"{self._plan.name}: {remote.url} has more bytes than the {remote.size:,} "
                        "published"
                    )
                file.write(block)
        if file.left:
            raise TransientError(f"ended {file.left:,} bytes early")
        file.flush()

    def _position(self, file: PartialFile, response: httpx.Response) -> None:
        """Truncate the file to where the response begins."""
        if response.status_code == 416:
            file.restart()
            raise TransientError("the server's file is shorter than the part here")
        if response.status_code == 200 and file.size:
            file.restart()
        if response.status_code == 206:
            sent = response.headers.get("content-range", "")
            if not sent.startswith(f"bytes {file.size}-"):
                file.restart()
                raise TransientError(
                    f"the server resumes at another byte ({sent or 'no content-range'})"
                )

    def _refuse_length(self, response: httpx.Response, left: int, remote: RemoteFile) -> None:
        length = whole_number(response.headers.get("content-length", ""))
        if length is not None and length != left:
            raise DownloadFailed(
                f"{self._plan.name}: {remote.url} is {length:,} bytes where {left:,} are due: "
                "it is not the file in the list"
            )
