"""The daily look for a newer version, and its installation, taken back if it does not start."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from satellite.errors import SatelliteError, UpdateFailed
from satellite.lib.platform import processes
from satellite.requirements import DISTRIBUTION
from satellite.updates.installation import Installation
from satellite.updates.pip import Pip, Release

_LOGGER = logging.getLogger(__name__)

FIRST, DAY = 3600.0, 86400.0
"""Seconds: until the first look at most, and between two. They are drawn, so that the satellites of
a house do not ask at the same moment."""

CALM = 1.0
"""Seconds between two looks whether the satellite is quiet, before it ends to be restarted."""


class Updater:
    """Knows the installed and the newest version, and installs the latter."""

    def __init__(
        self,
        installation: Installation,
        pip: Pip | None = None,
        *,
        may_install: bool = True,
        busy: Callable[[], bool] = lambda: False,
        end: Callable[[], object] | None = None,
    ) -> None:
        """`may_install` lets `request_install` install. `end` ends this program, once it is not
        `busy`, for the service manager to start it again; None where none does that."""
        self._installation = installation
        self._pip = pip or Pip(installation)
        self._may_install = may_install
        self._busy = busy
        self._end = end
        self.installed = installation.version
        """The version that runs."""
        self.newest: Release | None = None
        """The newest version, which may be the installed one; None as long as it is not known."""
        self.installing = False
        self._wanted: Callable[[], Awaitable[None]] = self._look
        self._asked = asyncio.Event()

    async def check(self) -> Release:
        """Return the newest version. Raises `UpdateFailed`."""
        found = await self._pip.newest()
        self.newest = found or Release(await self._present())
        return self.newest

    async def _present(self) -> str:
        """Return the installed version, which may be newer than the one that runs."""
        return await asyncio.to_thread(lambda: self._installation.version)

    async def install(self, version: str) -> None:
        """Install a version with the installed extras, and go back if it does not start.

        Raises `UpdateFailed`; the message says which version is installed then.
        """
        obstacle = await asyncio.to_thread(self._installation.obstacle)
        if obstacle is not None:
            raise UpdateFailed(f"this satellite cannot update itself: {obstacle}")
        extras = await asyncio.to_thread(self._installation.extras)
        named = f"{DISTRIBUTION}[{','.join(extras)}]" if extras else DISTRIBUTION
        changes = await self._pip.changes(f"{named}=={version}")
        before = [f"{each.name}=={each.before}" for each in changes if each.before is not None]
        after = [f"{each.name}=={each.after}" for each in changes]
        with tempfile.TemporaryDirectory(prefix="satellite-update-") as name:
            folder = Path(name)
            await self._pip.fetch(before, folder)  # nothing changes without a way back
            await self._pip.fetch(after, folder)
            try:
                await self._pip.put(after, folder)
                if not await self._pip.starts(version):
                    raise UpdateFailed(f"version {version} does not start")
            except UpdateFailed as error:
                await self._go_back(before, folder, str(error))
                raise UpdateFailed(f"{error}; {self.installed} is installed as before") from error
            except asyncio.CancelledError:  # pip may have been interrupted
                await self._go_back(before, folder, "the installation was interrupted")
                raise

    async def _go_back(self, before: list[str], folder: Path, reason: str) -> None:
        try:
            await self._pip.put(before, folder)
        except UpdateFailed as error:
            raise UpdateFailed(
                f"{reason}, and going back failed ({error}): run "
                f"{self._installation.python} -m pip install {' '.join(before)}"
            ) from error

    def request_check(self) -> None:
        """Look for a newer version soon."""
        self._request(self._look)

    def request_install(self) -> None:
        """Install the newest version soon; the log says what becomes of it."""
        self._request(self._install_newest)

    def _request(self, what: Callable[[], Awaitable[None]]) -> None:
        if not self.installing:
            self._wanted = what
            self._asked.set()

    async def run(self) -> None:
        """Look once a day, and do what is requested, until cancelled."""
        pause = random.uniform(0, FIRST)
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._asked.wait()
            except TimeoutError:
                self._wanted = self._look
            self._asked.clear()
            await self._wanted()
            pause = DAY * random.uniform(0.9, 1.1)

    async def _look(self) -> None:
        before = self.newest
        try:
            newest = await self.check()
        except SatelliteError as error:
            _LOGGER.warning("no newer version was looked for: %s", error)
            return
        if newest != before and newest.version != self.installed:
            _LOGGER.info("version %s is available, %s runs here", newest.version, self.installed)

    async def _install_newest(self) -> None:
        if not self._may_install:
            _LOGGER.warning(
                "not updated: only with updates.check = install does Home Assistant update this "
                "satellite; satellite update does it here"
            )
            return
        self.installing = True
        try:
            newest = (await self.check()).version
            if newest == self.installed:
                _LOGGER.info("not updated: %s is the newest version", newest)
                return
            if newest != await self._present():
                _LOGGER.info("installing version %s in place of %s", newest, self.installed)
                await self.install(newest)
        except SatelliteError as error:
            _LOGGER.warning("not updated: %s", error)
            return
        finally:
            self.installing = False
        await self._restart(newest)

    async def _restart(self, version: str) -> None:
        if self._end is None:
            _LOGGER.warning("version %s is installed: restart this satellite to use it", version)
            return
        _LOGGER.info("version %s is installed: restarting when the satellite is quiet", version)
        while self._busy():
            await asyncio.sleep(CALM)
        self._end()


def end_for_restart() -> Callable[[], object] | None:
    """Return what ends this program so that systemd starts it again; None where it does not run as
    a service of systemd itself, as in a terminal."""
    own = str(os.getpid())
    # programs in a terminal inherit the first one from it
    if "INVOCATION_ID" not in os.environ or os.environ.get("SYSTEMD_EXEC_PID", own) != own:
        return None
    return processes.stop_this
