"""The Wyoming satellite: listens for Home Assistant, and knows which connection drives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.snd import Played

from satellite.announcements.announcer import Announcer
from satellite.announcements.wyoming_peer import serve_peer
from satellite.errors import BadFrame, PeerClosed, SatelliteError
from satellite.homeassistant.driver.driven_turn import NAME, HomeAssistantDriver, HomeAssistantLost
from satellite.homeassistant.driver.home_timers import HomeTimers
from satellite.homeassistant.driver.link import DriverLink
from satellite.homeassistant.driver.remote_wake import WakeStream
from satellite.listening.utterance import Utterance
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.messages import read
from satellite.net.wire import Connection
from satellite.ports import Vad
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.driver import Driver
from satellite.values import AudioChunk, Detection

_LOGGER = logging.getLogger(__name__)

ANNOUNCEMENTS = 4
"""Announcements that may wait for a turn to end: a home that has more to say is heard in part."""


class DrivenSatellite(Protocol):
    """What Home Assistant needs of the satellite: see `satellite.turns.manager.TurnManager`."""

    timers: TimerManager

    @property
    def quiet(self) -> bool: ...

    async def announce(
        self, audio: AsyncGenerator[AudioChunk, None], chime: bool = True
    ) -> bool: ...

    def mute(self, muted: bool, by: str) -> None: ...


class HomeAssistantPeer:
    """What this satellite is to Home Assistant; `info` says what it tells of itself."""

    def __init__(self, settings: Settings, vad: Vad, info: Callable[[], Event]) -> None:
        self.announcer: Announcer | None = None
        """Says what other clients than Home Assistant want to have announced."""
        self.wake = WakeStream(settings, vad, self._driving, self._quiet, self._detected)
        self._settings = settings
        self._info = info
        self._link: DriverLink | None = None
        self._satellite: DrivenSatellite | None = None
        self._timers: HomeTimers | None = None
        self._begin: Callable[[Detection, float], bool] = lambda detection, preroll: False
        self._found: Detection | None = None
        """The wake word that Home Assistant has just heard."""
        self._announcements: asyncio.Queue[tuple[DriverLink, IncomingSpeech]] = asyncio.Queue(
            ANNOUNCEMENTS
        )

    async def run(
        self, satellite: DrivenSatellite, begin: Callable[[Detection, float], bool]
    ) -> None:
        """Make announcements heard, and keep timers, until cancelled.

        `begin` listens to somebody whose wake word was heard elsewhere, see `Listener.begin`.
        """
        self._satellite, self._timers, self._begin = satellite, HomeTimers(satellite.timers), begin
        chime = self._settings.homeassistant.chime
        while True:
            link, speech = await self._announcements.get()
            try:
                async with aclosing(speech.chunks(self._settings.deadlines.tts)) as audio:
                    await satellite.announce(audio, chime)
            finally:
                link.send(Played().event())

    def driver(self, utterance: Utterance) -> Driver | None:
        """Who takes a turn; None where that is the satellite itself."""
        found, self._found = self._found, None
        if self._settings.brain == "local":
            return None
        if (link := self._driving()) is None:
            return HomeAssistantLost() if self._settings.brain == "homeassistant" else None
        running = found is not None and utterance.detection is found
        if not running:
            self.wake.over()
        ringing = self._satellite is not None and self._satellite.timers.ringing
        return HomeAssistantDriver(link, self._settings, running=running, ringing=ringing)

    async def leave(self) -> None:
        """Hang up on Home Assistant, so that it is soon back at who listens here next."""
        if self._link is not None:
            await self._link.leave()

    async def serve(self, connection: Connection) -> None:
        """Serve one peer until it leaves."""
        try:
            async with (
                asyncio.TaskGroup() as tasks,
                self._linked(connection, tasks) as drive,
                serve_peer(connection, self.announcer, tasks) as take,
            ):
                await self._read(connection, drive, take)
        finally:
            await connection.close()

    @asynccontextmanager
    async def _linked(
        self, connection: Connection, tasks: asyncio.TaskGroup
    ) -> AsyncGenerator[Callable[[], DriverLink], None]:
        """Give what makes a connection the one that drives, and end that with the connection."""
        patience = self._settings.homeassistant.patience
        link = DriverLink(
            connection, patience, self._hear, self.wake.take, lambda: self._mute(muted=True)
        )
        running: list[asyncio.Task[None]] = []

        def drive() -> DriverLink:
            if not running:
                running.append(tasks.create_task(link.run()))
                _LOGGER.info("Home Assistant is connected, from %s", connection.peer)
            if self._link is not link and self._link is not None:
                self._link.lose(PeerClosed("Home Assistant connected anew"))
            self._link, link.paused = link, False
            self._mute(muted=False)
            return link

        try:
            yield drive
        finally:
            link.lose(PeerClosed("Home Assistant hung up"))
            for task in running:
                task.cancel()
                _LOGGER.info("Home Assistant is gone")
            if self._link is link:
                self._link = None
                self._mute(muted=False)

    async def _read(
        self,
        connection: Connection,
        drive: Callable[[], DriverLink],
        announce: Callable[[Event], None],
    ) -> None:
        link: DriverLink | None = None
        write: Callable[[Event], Awaitable[None]] = connection.write
        try:
            while (event := await connection.read()) is not None:
                if Describe.is_type(event.type):
                    await self._tell(self._info(), link, write)
                elif link is None and Ping.is_type(event.type):
                    await write(Pong(read(Ping, event).text).event())
                elif RunSatellite.is_type(event.type):
                    link = drive()
                elif link is not None:
                    self._take(event, link)
                else:
                    announce(event)
        except BadFrame as error:
            _LOGGER.warning("dropped a peer: %s", error)
        except PeerClosed as error:
            _LOGGER.debug("a peer left: %s", error)

    async def _tell(
        self, event: Event, link: DriverLink | None, write: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer; whoever drives is never waited for."""
        if link is not None:
            link.send(event)
        else:
            await write(event)

    def _take(self, event: Event, link: DriverLink) -> None:
        try:
            if PauseSatellite.is_type(event.type):
                link.pause()
                self.wake.muted()
            elif self._timers is None or not self._timers.take(event):
                link.take(event)
        except SatelliteError as error:
            _LOGGER.warning("Home Assistant sent what cannot be read: %s", error)

    def _driving(self) -> DriverLink | None:
        """Who drives now."""
        return self._link if self._link is not None and self._link.drives else None

    def _quiet(self) -> bool:
        return self._satellite is not None and self._satellite.quiet

    def _mute(self, *, muted: bool) -> None:
        if self._satellite is not None:
            self._satellite.mute(muted, NAME)

    def _hear(self, speech: IncomingSpeech) -> None:
        """Queue an announcement."""
        if self._link is None or self._announcements.full():
            _LOGGER.warning("an announcement is left out: %d are waiting", ANNOUNCEMENTS)
            speech.end()
        else:
            self._announcements.put_nowait((self._link, speech))

    def _detected(self, detection: Detection) -> None:
        self._found = detection
        if not self._begin(detection, self._settings.listen.preroll):
            _LOGGER.debug("the wake word %s was not wanted", detection.word)
            self.wake.over()
        elif self._found is not None:  # it is another's word: the run that waits for it is not ours
            self._found = None
            self.wake.over()
