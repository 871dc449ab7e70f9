"""Broadcasts: texts that all other satellites of the house announce."""

from __future__ import annotations

import asyncio
import logging

from satellite.announcements import remote
from satellite.announcements.announcement import AnnouncementStyle
from satellite.announcements.announcer import Announcer
from satellite.errors import EngineBusy, EngineFailed, SatelliteError
from satellite.lib.containment import Containment
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.text.quoted import quoted

_LOGGER = logging.getLogger(__name__)

WAITING = 4
"""Broadcasts that may wait for the one before: a person says no more in a minute."""


class Broadcasts:
    """Has all other satellites announce texts, and announces failures here."""

    def __init__(self, settings: Settings, announcer: Announcer) -> None:
        self._settings = settings
        self._announcer = announcer
        self._pairing = Pairing(settings.pairing)
        self._texts: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._containment = Containment("a broadcast")

    def submit(self, text: str) -> None:
        """Broadcast a text, without waiting."""
        try:
            self._texts.put_nowait(text)
        except asyncio.QueueFull:
            _LOGGER.warning("skipped a broadcast: %d are waiting", WAITING)
            self._announce_failure("The others were not told: too much is waiting to be said.")

    async def run(self) -> None:
        """Broadcast texts until cancelled."""
        while True:
            text = await self._texts.get()
            try:
                with self._containment.raising(EngineFailed):
                    failure = await self._broadcast(text)
            except SatelliteError as error:
                _LOGGER.warning("a broadcast failed: %s", error)
                failure = "Your message could not be delivered."
            if failure:
                self._announce_failure(failure)

    async def _broadcast(self, text: str) -> str:
        """Broadcast a text; return the English sentence to announce here, if any failed."""
        settings = self._settings.announce
        targets = {address: address for address in settings.others}
        try:
            if self._settings.zeroconf:
                targets |= await remote.resolve([remote.ALL], self._pairing)
        except SatelliteError as error:
            _LOGGER.warning("cannot discover satellites on the LAN: %s", error)
        if not targets:
            return "I found no other satellite to tell."
        style = AnnouncementStyle(chime=settings.chime)
        failed = await remote.announce_to_all(targets, text, style, self._pairing)
        for name, reason in failed.items():
            _LOGGER.warning("the broadcast to %s failed: %s", name, reason)
        _LOGGER.info(
            "the broadcast reached %d of %d other satellites",
            len(targets) - len(failed),
            len(targets),
        )
        if len(failed) == len(targets):
            return "Nobody else could be told."
        names = [name for name in failed if "://" not in name]
        return f"{' and '.join(names)} could not be told." if names else ""

    def _announce_failure(self, text: str) -> None:
        try:
            self._announcer.say(text, AnnouncementStyle(chime=False))
        except EngineBusy as error:
            _LOGGER.warning("cannot say %s: %s", quoted(text), error)
