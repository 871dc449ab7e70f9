"""The Wyoming satellite: serves Home Assistant and other peers, and decides which one drives."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Literal

from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.satellite import PauseSatellite, RunSatellite

from satellite.announcements.announcer import Announcer
from satellite.announcements.wyoming_peer import announcing_peer
from satellite.errors import BadFrame, PeerClosed, SatelliteError
from satellite.homeassistant.driver.current_link import CurrentLink
from satellite.homeassistant.driver.dialect import LISTEN, WYOMING, Dialect, EventConnection
from satellite.homeassistant.driver.driven_turn import NAME, HomeAssistantDriver, HomeAssistantLost
from satellite.homeassistant.driver.home_timers import HomeTimers
from satellite.homeassistant.driver.link import DriverLink
from satellite.homeassistant.driver.remote_wake import WakeStream
from satellite.lib.containment import Containment
from satellite.listening.mute import Mute
from satellite.listening.utterance import Utterance
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.memory_budget import MemoryBudget
from satellite.net.messages import read
from satellite.net.refusals import Refusals
from satellite.net.wire import Connection
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.driver import Driver
from satellite.turns.speech_output import SpeechOutput
from satellite.values import Detection

_LOGGER = logging.getLogger(__name__)

ANNOUNCEMENTS = 4
"""Announcements that may wait for the end of a turn; later ones are skipped."""


class HomeAssistantPeer:
    """This satellite as the peer of Home Assistant, and of other Wyoming clients."""

    def __init__(
        self,
        settings: Settings,
        current: CurrentLink,
        wake: WakeStream,
        output: SpeechOutput,
        announcer: Announcer,
        timers: TimerManager,
        mute: Mute,
        listen_now: Callable[[Detection | None, float], bool],
        info: Callable[[], Event],
        memory: MemoryBudget | None = None,
        request_answer: Callable[[], None] = lambda: None,
        used: Callable[[Literal["wyoming", "esphome"]], None] = lambda name: None,
        wyoming: bool = True,
    ) -> None:
        """`output` plays announcements of Home Assistant, `announcer` queues those of other
        clients; `listen_now` starts an utterance whose wake word was detected by Home Assistant,
        see `Listener.listen_now`; `info` returns the answer to `describe`; `memory` counts what all
        peers make us hold; `request_answer` has the satellite listen after the reply of this turn;
        `used` is called with the protocol of each connection that begins to drive; with `wyoming`
        false, none drives by Wyoming."""
        self._settings = settings
        self._current = current
        self._wake = wake
        self._output = output
        self._announcer = announcer
        self._timers = timers
        self._home_timers = HomeTimers(timers)
        self._refusals = Refusals("Home Assistant's port")
        self._mute = mute
        self._listen_now = listen_now
        self._info = info
        self._request_answer = request_answer
        self._used = used
        self._wyoming = wyoming
        memory = memory or MemoryBudget()
        self._announced = memory.part(memory.most // 2)
        """Counts the sound of other clients: half of the memory, as Home Assistant needs some."""
        self._address: str | None = None
        """The address of the Home Assistant that drove last."""
        self._found: Detection | None = None
        """The wake word that Home Assistant has just detected."""
        self._announcements: asyncio.Queue[tuple[DriverLink, IncomingSpeech]] = asyncio.Queue(
            ANNOUNCEMENTS
        )
        self._containment = Containment("an announcement of Home Assistant")

    async def run(self) -> None:
        """Play Home Assistant's announcements until cancelled."""
        chime = self._settings.homeassistant.chime
        while True:
            link, speech = await self._announcements.get()
            whole = False
            try:
                with self._containment.raising(BadFrame):
                    async with aclosing(speech.chunks(self._settings.deadlines.tts)) as audio:
                        whole = await self._output.announce(audio, chime and link.dialect.chime)
            except SatelliteError as error:
                _LOGGER.warning("an announcement of Home Assistant failed: %s", error)
            finally:
                link.announcement_ended(whole)

    def driver_for(self, utterance: Utterance) -> Driver | None:
        """Return the driver that takes a turn; None for a turn of the satellite itself."""
        found, self._found = self._found, None
        if self._settings.brain == "local":
            return None
        if (link := self._current.driving) is None:
            return HomeAssistantLost() if self._settings.brain == "homeassistant" else None
        running = found is not None and utterance.detection is found
        if not running:
            self._wake.invalidate()
        return HomeAssistantDriver(
            link,
            self._settings,
            running=running,
            ringing=self._timers.ringing,
            request_answer=self._request_answer,
        )

    async def disconnect(self) -> None:
        """Disconnect Home Assistant, so that it soon reconnects to the next program here."""
        if (link := self._current.connected) is not None:
            await link.leave()

    async def serve(self, connection: Connection) -> None:
        """Serve one peer until it leaves."""
        try:
            async with (
                asyncio.TaskGroup() as tasks,
                self._linked(connection, tasks) as drive,
                announcing_peer(connection, self._announcer, tasks, self._announced) as handle,
            ):
                may_drive = drive if self._wyoming else lambda: self._refuse(connection)
                await self._read(connection, may_drive, handle)
        finally:
            await connection.close()

    async def serve_driver(self, connection: EventConnection, dialect: Dialect) -> None:
        """Serve one peer of another protocol, which only drives, until it leaves."""
        async with (
            asyncio.TaskGroup() as tasks,
            self._linked(connection, tasks, dialect) as drive,
        ):
            await self._read(connection, drive, lambda event: None)

    def _refuse(self, connection: Connection) -> None:
        """Let a Home Assistant not drive that still has this satellite by Wyoming."""
        text = (
            f"{connection.peer} wants to drive this satellite by Wyoming, but "
            "homeassistant.protocol is ESPHome's: delete its entry in the Wyoming integration "
            "there, or set the protocol to wyoming"
        )
        self._refusals.log(time.monotonic(), "protocol", connection.address, text)

    @asynccontextmanager
    async def _linked(
        self,
        connection: EventConnection,
        tasks: asyncio.TaskGroup,
        dialect: Dialect = WYOMING,
    ) -> AsyncGenerator[Callable[[], DriverLink], None]:
        """Yield a function that makes a connection the driving one, until the connection ends."""
        patience = self._settings.homeassistant.patience
        link = DriverLink(
            connection,
            patience,
            announce=self._queue,
            detected=self._handle_wake,
            muted=lambda: self._mute.set(True, _party(connection)),
            dialect=dialect,
        )
        running: list[asyncio.Task[None]] = []

        def drive() -> DriverLink:
            if not running:
                running.append(tasks.create_task(link.run()))
            link.resume()
            former = self._current.request(link)
            if former is None:
                self._began(link)
            else:
                _LOGGER.warning(
                    "%s wants to drive this satellite, but Home Assistant is connected, from %s: "
                    "it takes over when that connection ends (--allow limits who may connect)",
                    connection.peer,
                    former.peer,
                )
                former.verify()
                if former.address != link.address:  # or that one has muted, and is still connected
                    self._mute.set(False, _party(link))
            return link

        try:
            yield drive
        finally:
            link.mark_lost(PeerClosed("Home Assistant hung up"))
            for task in running:
                task.cancel()
            drove = self._current.connected is link
            successor = self._current.clear(link)
            if drove:
                _LOGGER.info("Home Assistant is disconnected")
            if successor is not None:
                self._began(successor)

    def _resume_after_reload(self, link: DriverLink) -> None:
        """Let Home Assistant follow its own connection, which it paused and left open.

        Some versions do so when their integration is reloaded. What describes this satellite on the
        connection that drives, and has the same address, is Home Assistant; others wait.
        """
        former = self._current.connected
        if former is None or former is link or link.lost or link.paused:
            return
        if former.paused and former.address == link.address:
            self._current.replace(link)
            former.mark_lost(PeerClosed("Home Assistant connected again"))
            self._began(link)

    def _began(self, link: DriverLink) -> None:
        """Let a connection drive. Only the mute of its own party ends with that."""
        before, self._address = self._address, link.address
        if before in (None, link.address):
            _LOGGER.info("Home Assistant is connected, from %s", link.peer)
        else:
            _LOGGER.warning(
                "Home Assistant is connected, from %s: it was connected from %s before",
                link.peer,
                before or "a local socket",
            )
        self._used(link.dialect.name)
        self._mute.set(False, _party(link))
        others = [party for party in self._mute.by if party.startswith(NAME)]
        if others:
            _LOGGER.warning(
                "the microphone stays closed: %s has muted this satellite, and Home Assistant is "
                "connected from %s now; `satellite mute off` opens it",
                ", ".join(others),
                link.peer,
            )

    async def _read(
        self,
        connection: EventConnection,
        drive: Callable[[], DriverLink | None],
        announce: Callable[[Event], None],
    ) -> None:
        link: DriverLink | None = None
        write: Callable[[Event], Awaitable[None]] = connection.write
        try:
            while (event := await connection.read()) is not None:
                if Describe.is_type(event.type):
                    if link is not None:
                        self._resume_after_reload(link)
                    await self._answer(self._info(), link, write)
                elif link is None and Ping.is_type(event.type):
                    await write(Pong(read(Ping, event).text).event())
                elif RunSatellite.is_type(event.type):
                    link = drive()
                elif link is not None:
                    self._handle(event, link)
                else:
                    announce(event)
        except BadFrame as error:
            _LOGGER.warning("dropped a peer: %s", error)
        except PeerClosed as error:
            _LOGGER.debug("a peer left: %s", error)

    async def _answer(
        self, event: Event, link: DriverLink | None, write: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer a peer, without waiting for the one that drives."""
        if link is not None:
            link.send(event)
        else:
            await write(event)

    def _handle(self, event: Event, link: DriverLink) -> None:
        try:
            if PauseSatellite.is_type(event.type):
                self._current.withdraw(link)
                link.pause()
                self._wake.reset()
            elif self._current.connected is not link:
                link.handle_waiting(event)
            elif event.type == LISTEN:
                self._listen_now(None, 0.0)
            elif not self._home_timers.handle(event):
                link.handle(event)
        except SatelliteError as error:
            _LOGGER.warning("Home Assistant sent an invalid event: %s", error)

    def _queue(self, speech: IncomingSpeech) -> None:
        """Queue an announcement."""
        link = self._current.connected
        if link is None or self._announcements.full():
            _LOGGER.warning("skipped an announcement: %d are waiting", ANNOUNCEMENTS)
            speech.drop()
            if link is not None:
                link.announcement_ended(False)
        else:
            self._announcements.put_nowait((link, speech))

    def _handle_wake(self, event: Event) -> None:
        """Handle an event about wake words. Raises `BadFrame`."""
        if (detection := self._wake.handle(event)) is None:
            return
        self._found = detection
        if not self._listen_now(detection, self._settings.listen.preroll):
            _LOGGER.debug("the wake word %s was not accepted", detection.word)
            self._wake.invalidate()
        elif (
            self._found is not None
        ):  # another utterance won: the run that waits for this one is not used
            self._found = None
            self._wake.invalidate()


def _party(peer: EventConnection | DriverLink) -> str:
    """Return the name under which a Home Assistant mutes this satellite: by its address, which it
    has again when it reconnects."""
    address = peer.address.partition("%")[0].removeprefix("::ffff:")
    return f"{NAME} at {address or 'a local socket'}"
