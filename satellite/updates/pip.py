"""Questions to pip, each in a child process: the newest version, and its installation.

pip finds the index, its certificates and its password as its own configuration says, and compares
versions.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from satellite.errors import UpdateFailed
from satellite.lib.child import Child
from satellite.lib.decoding import Undecodable, from_json
from satellite.requirements import DISTRIBUTION
from satellite.updates.installation import Installation

LOOK, FETCH, INSTALL, START = 300.0, 1800.0, 900.0, 300.0
"""Seconds for a look into the index, for the download of packages, for their installation, and for
the first start of a version."""

LARGEST = 4 * 1024 * 1024
"""Bytes of pip's report that are read."""

_QUIET = ("--disable-pip-version-check", "--no-input", "--quiet")

_WHEEL = ("--only-binary", DISTRIBUTION)
"""A source archive would be run to find out what it is."""

_PAGES = ("changelog", "release notes", "changes", "homepage")
"""The names of links of a package that say what is new, best first."""


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    version: str
    project_url: tuple[str, ...] = ()
    home_page: str = ""


class _Item(msgspec.Struct, frozen=True):
    metadata: _Metadata


class _Report(msgspec.Struct, frozen=True):
    """pip's report of an installation (https://pip.pypa.io/en/stable/reference/installation-report)."""

    install: tuple[_Item, ...]


class Release(msgspec.Struct, frozen=True):
    """A version of this program in the index."""

    version: str
    page: str = ""
    """The address where it is described, if the package names one."""


class Change(msgspec.Struct, frozen=True):
    """A package that an installation replaces or adds."""

    name: str
    before: str | None
    """Its version until then; None if it is added."""
    after: str


class Pip:
    """The pip of an environment."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def newest(self) -> Release | None:
        """Return the newest version that can be installed here, if it is newer than the installed
        one. Raises `UpdateFailed`."""
        asked = ("--upgrade", "--no-deps", *_WHEEL, DISTRIBUTION)
        items = (await self._report(asked, LOOK)).install
        own = [item.metadata for item in items]
        return Release(own[0].version, _page(own[0])) if own else None

    async def changes(self, wanted: str) -> list[Change]:
        """Return the packages that an installation replaces or adds. Raises `UpdateFailed`."""
        report = await self._report((*_WHEEL, "--prefer-binary", wanted), FETCH)
        found = [item.metadata for item in report.install]
        version_of = self._installation.version_of
        return await asyncio.to_thread(
            lambda: [Change(each.name, version_of(each.name), each.version) for each in found]
        )

    async def fetch(self, versions: Sequence[str], folder: Path) -> None:
        """Store packages, as name==version, as wheels in a folder. Raises `UpdateFailed`."""
        arguments = ("wheel", "--no-deps", "--wheel-dir", str(folder), *_WHEEL, *versions)
        await self._run(arguments, FETCH)

    async def put(self, versions: Sequence[str], folder: Path) -> None:
        """Install packages that were fetched, and nothing else. Raises `UpdateFailed`."""
        source = ("--no-index", "--find-links", str(folder), "--no-deps", "--force-reinstall")
        await self._run(("install", *source, *versions), INSTALL)

    async def starts(self, version: str) -> bool:
        """Return whether this program starts and says that it has a version."""
        try:
            async with self._child("-P", "-m", "satellite", "--version", limit=START) as run:
                return run.failed is None and run.output.split("\n", 1)[0].strip() == version
        except UpdateFailed:
            return False

    async def _report(self, arguments: Sequence[str], limit: float) -> _Report:
        with tempfile.TemporaryDirectory(prefix="satellite-update-") as folder:
            file = Path(folder, "report.json")
            await self._run(("install", "--dry-run", "--report", str(file), *arguments), limit)
            try:
                return await asyncio.to_thread(_read, file)
            except (OSError, Undecodable) as error:
                raise UpdateFailed(
                    f"pip's report cannot be used ({error}): pip 22.2 or newer is needed"
                ) from error

    async def _run(self, arguments: Sequence[str], limit: float) -> None:
        command, *rest = arguments
        async with self._child("-P", "-m", "pip", command, *_QUIET, *rest, limit=limit) as run:
            if run.failed is not None:
                raise UpdateFailed(f"pip {command}: {run.failed}")

    @asynccontextmanager
    async def _child(self, *arguments: str, limit: float) -> AsyncGenerator[_Run, None]:
        """Run Python to its end. Raises `UpdateFailed` after `limit` seconds."""
        complaints: deque[str] = deque(maxlen=20)
        child, output = Child("pip", complaints.append), b""
        try:
            async with asyncio.timeout(limit):
                # what a person exported for other programs stays, as pip's configuration does
                await child.start((str(self._installation.python), *arguments), stdin=False)
                while part := await child.read():
                    output = (output + part)[:LARGEST]
                await child.wait_gone()
        except TimeoutError:
            name = " ".join(arguments[2:4])
            raise UpdateFailed(f"{name} has not ended within {limit:g} s") from None
        finally:
            await child.end()
        failed = None
        if child.returncode:
            errors = [line for line in complaints if line.startswith("ERROR")] or [*complaints]
            failed = errors[-1] if errors else f"exit code {child.returncode}"
        yield _Run(output.decode("utf-8", "replace"), failed)


class _Run(msgspec.Struct, frozen=True):
    output: str
    failed: str | None


def _read(file: Path) -> _Report:
    with file.open("rb") as written:
        return from_json(written.read(LARGEST), _Report)


def _page(metadata: _Metadata) -> str:
    links: Mapping[str, str] = {
        label.strip().lower(): url.strip()
        for label, _, url in (text.partition(",") for text in metadata.project_url)
    }
    found = [links[name] for name in _PAGES if name in links] + [metadata.home_page]
    return next((url for url in found if url.startswith(("https://", "http://"))), "")
