"""The files of a model, fetched one by one into a folder; each resumed, checked, or refused."""

from __future__ import annotations

from pathlib import Path

import httpx

from satellite.errors import DownloadFailed
from servers.models import content
from servers.models.arriving import Arriving
from servers.models.hub import Hub, published, refuse_page, whole
from servers.models.manifest import Record
from servers.models.patience import Broken
from servers.models.plan import Plan, Wanted
from servers.models.progress import Progress

GAIN = 256 << 10
"""Bytes that count as progress: a connection that brings less before it breaks is as good as none,
and one that brings more may break any number of times."""


class Fetcher:
    """Fetches what a plan names."""

    def __init__(self, hub: Hub, plan: Plan, folder: Path, progress: Progress) -> None:
        self._hub = hub
        self._plan = plan
        self._folder = folder
        self._progress = progress

    def run(self) -> tuple[Record, ...]:
        """Fetch every file and return what each is. Raises `DownloadFailed`, `OSError`."""
        model = str(self._plan.name)
        here = sum(self._here(wanted) for wanted in self._plan.files)
        self._progress.begin(model, self._plan.total, here)
        try:
            return tuple(self._file(wanted) for wanted in self._plan.files)
        finally:
            self._progress.end()

    def _here(self, wanted: Wanted) -> int:
        path = self._folder / wanted.path
        return path.stat().st_size if path.exists() else 0

    def _file(self, wanted: Wanted) -> Record:
        with Arriving(self._folder / wanted.path, wanted, self._progress) as file:
            while True:
                resumed = file.size > 0
                self._fetch(file, wanted)
                problem = file.problem() or content.problem(file.path)
                if problem is None:
                    return Record(wanted.path, file.size, file.sha256)
                file.restart()
                if not resumed:
                    raise DownloadFailed(f"{self._plan.name}: {wanted.url}: {problem}")
                self._progress.tell(f"{wanted.path}: {problem}; fetching all of it again")

    def _fetch(self, file: Arriving, wanted: Wanted) -> None:
        before = file.size

        def gained() -> bool:
            nonlocal before
            more, before = file.size - before, file.size
            return more >= GAIN

        self._hub.patience.keep_trying(
            lambda: self._try(file, wanted),
            f"{self._plan.name}: {wanted.path}",
            self._progress,
            gained,
        )

    def _try(self, file: Arriving, wanted: Wanted) -> None:
        if file.complete:
            return
        with self._hub.opened(wanted.url, str(self._plan.name), file.size) as response:
            self._position(file, response)
            refuse_page(response, str(self._plan.name))
            file.expect(published(response))
            if (left := file.left) is not None:
                self._refuse_length(response, left, wanted)
            for block in whole(response):
                if file.left is not None and len(block) > file.left:
                    file.restart()
                    raise DownloadFailed(
                        f"{self._plan.name}: {wanted.url} has more bytes than the {wanted.size:,} "
                        "that it should"
                    )
                file.write(block)
        if file.left:
            raise Broken(f"ended {file.left:,} bytes early")
        file.flush()

    def _position(self, file: Arriving, response: httpx.Response) -> None:
        """Have the file end where the answer begins."""
        if response.status_code == 416:
            file.restart()
            raise Broken("the server has fewer bytes than are here")
        if response.status_code == 200 and file.size:
            file.restart()
        if response.status_code == 206:
            given = response.headers.get("content-range", "")
            if not given.startswith(f"bytes {file.size}-"):
                file.restart()
                raise Broken(f"the server resumes at another byte ({given or 'it does not say'})")

    def _refuse_length(self, response: httpx.Response, left: int, wanted: Wanted) -> None:
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) != left:
            raise DownloadFailed(
                f"{self._plan.name}: {wanted.url} is {int(length):,} bytes where {left:,} are due; "
                "it is not the file that the list names"
            )
