"""Telling everybody else in the house what was said here."""

from __future__ import annotations

import asyncio
import logging

from satellite.announcements import remote
from satellite.announcements.announcement import AnnouncementStyle
from satellite.announcements.announcer import Announcer
from satellite.errors import EngineBusy, SatelliteError
from satellite.net.pairing import Pairing
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

WAITING = 4
"""Broadcasts that wait for the one before: nobody says more in a minute."""


class Broadcasts:
    """Passes texts on to all other satellites, and says here what did not work."""

    def __init__(self, settings: Settings, announcer: Announcer) -> None:
        self._settings = settings
        self._announcer = announcer
        self._pairing = Pairing(settings.pairing)
        self._texts: asyncio.Queue[str] = asyncio.Queue(WAITING)

    def put(self, text: str) -> None:
        """Tell the others, without being waited for."""
        try:
            self._texts.put_nowait(text)
        except asyncio.QueueFull:
            _LOGGER.warning("a broadcast is left out: %d are waiting", WAITING)
            self._complain("The others were not told: too much is waiting to be said.")

    async def run(self) -> None:
        """Tell them, until cancelled."""
        while True:
            text = await self._texts.get()
            if complaint := await self._tell(text):
                self._complain(complaint)

    async def _tell(self, text: str) -> str:
        """Tell all; what is to be said of it here, in English, if anything."""
        said = self._settings.announce
        whom = {address: address for address in said.others}
        try:
            if self._settings.zeroconf:
                whom |= await remote.resolve([remote.ALL], self._pairing)
        except SatelliteError as error:
            _LOGGER.warning("no satellites can be found on the LAN: %s", error)
        if not whom:
            return "I found no other satellite to tell."
        style = AnnouncementStyle(chime=said.chime)
        failed = await remote.announce_to_all(whom, text, style, self._pairing)
        for name, reason in failed.items():
            _LOGGER.warning("%s was not told: %s", name, reason)
        _LOGGER.info("told %d of %d other satellites", len(whom) - len(failed), len(whom))
        if len(failed) == len(whom):
            return "Nobody else could be told."
        names = [name for name in failed if "://" not in name]
        return f"{' and '.join(names)} could not be told." if names else ""

    def _complain(self, text: str) -> None:
        try:
            self._announcer.say(text, AnnouncementStyle(chime=False))
        except EngineBusy as error:
            _LOGGER.warning("cannot say %r: %s", text, error)
