"""The Home Assistant that drives this satellite: one connection, from `run-satellite` on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection

from satellite.errors import EngineFailed, PeerClosed, SatelliteError
from satellite.homeassistant.driver.dialect import SILENT, WYOMING, Dialect, EventConnection
from satellite.homeassistant.driver.pings import Pings
from satellite.homeassistant.driver.pipeline_run import PipelineRun
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.messages import read

_LOGGER = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between our pings without a turn: as often as Home Assistant sends its own."""

MISSES = 4
"""Pings without any reply or event after which the connection is lost."""

OUTBOX = 2048
"""Events that wait to be sent: a minute of sound. A peer that reads nothing meanwhile is lost."""

LEAVING = 0.3
"""Seconds from the pause to the end of the connection when Home Assistant stops; it sends the same
event when it mutes this satellite, and then stays connected."""

STALE = 10.0
"""Seconds in which the sound of an abandoned answer arrives. If none arrives, a longer time would
swallow an announcement."""

_WAKE = (Detect, Detection, Error)
_AUDIO = (AudioStart, AudioChunk, AudioStop)


class DriverLink:
    """Sends events, and dispatches those that arrive, both without ever waiting."""

    def __init__(
        self,
        connection: EventConnection,
        patience: float,
        announce: Callable[[IncomingSpeech], None],
        detected: Callable[[Event], None],
        muted: Callable[[], None],
        dialect: Dialect = WYOMING,
    ) -> None:
        """`patience`: seconds without a sign of life, during a turn, after which it is lost.

        `announce` is called with each unsolicited stream of speech, `detected` with each event
        about wake words, `muted` when Home Assistant mutes this satellite.
        """
        self.paused = False
        """Home Assistant has muted this satellite."""
        self.lost = False
        self.dialect = dialect
        self._connection = connection
        self._patience = patience
        self._announce = announce
        self._detected = detected
        self._muted = muted
        self._pausing = asyncio.Event()
        self._outbox: asyncio.Queue[Event] = asyncio.Queue(OUTBOX)
        self._run: PipelineRun | None = None
        self._stale_until = 0.0
        """Until this time (of the loop), sound of an abandoned answer may arrive."""
        self._announcement: IncomingSpeech | None = None
        self._pings = Pings(self.send)
        self._leaving = False
        self._misses = 0
        self._doubted = False
        """Another connection waits for the end of this one, which shows no sign of life."""
        self._woken = asyncio.Event()

    @property
    def drives(self) -> bool:
        """Whether it is connected and takes turns."""
        return not (self.lost or self.paused)

    @property
    def ended(self) -> bool:
        """Whether either side has closed it."""
        return self.lost or self._connection.closed

    @property
    def address(self) -> str:
        """The IP address of Home Assistant, however it was written; empty for a local socket."""
        return self._connection.address.partition("%")[0].removeprefix("::ffff:")

    @property
    def peer(self) -> str:
        """Its name in messages."""
        return self._connection.peer

    def verify(self) -> None:
        """Find out whether the other side is still there, as another connection wants to drive.

        It is lost if it sends nothing for some pings. While it has muted this satellite, Home
        Assistant answers none, and is not expected to.
        """
        if self._doubted or self.paused:
            return
        self._doubted = True
        self._misses = MISSES - 2 if self._pings.answered else 0
        self._woken.set()

    async def run(self) -> None:
        """Send events, and detect the loss of the connection, until cancelled."""
        # a peer that mutes this satellite sends nothing, and is not idle for that
        with self._connection.working():
            await self._run_tasks()

    async def _run_tasks(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._watch())
            tasks.create_task(self._mute())

    def send(self, event: Event) -> None:
        """Queue an event, unless the connection is lost."""
        if self.lost or (self.paused and AudioChunk.is_type(event.type)):
            return
        try:
            self._outbox.put_nowait(event)
        except asyncio.QueueFull:
            self.mark_lost(PeerClosed("Home Assistant does not read any more"))

    def announcement_ended(self, success: bool) -> None:
        """Report that an announcement was played to its end, or not."""
        self.send(self.dialect.announced(success))

    def mark_lost(self, cause: SatelliteError) -> None:
        """Close the connection and end its run. Idempotent."""
        if self.lost:
            return
        self.lost = True
        self._pings.stop()
        self._connection.abort()
        if self._run is not None:
            self._run.fail(cause)
        if self._announcement is not None:
            self._announcement.end(cut_off=True)

    async def leave(self) -> None:
        """Close the connection at a moment after which Home Assistant reconnects soonest."""
        if self.drives:
            self._leaving = True
            await self._pings.wait_until_quiet()
        self.mark_lost(PeerClosed("this satellite stops"))

    def pause(self) -> None:
        """Give it no more turns: it mutes this satellite, or is about to disconnect."""
        self.paused = True
        self._pausing.set()

    def resume(self) -> None:
        """Give it turns again."""
        self.paused = False

    @contextmanager
    def running(self) -> Iterator[PipelineRun]:
        """Run its pipeline: inside this block its events belong to the run."""
        run = self._run = PipelineRun(self._connection.memory)
        self._misses = 0
        self._woken.set()  # from now on its loss is detected sooner
        if self.lost:
            run.fail(PeerClosed("Home Assistant hung up"))
        try:
            yield run
        finally:
            if self._run is run:
                self._run = None
            if run.speech is not None:
                run.speech.drop()
            if self.dialect.left is not None:
                self.send(self.dialect.left)
            if run.owes_audio:
                self._stale_until = asyncio.get_running_loop().time() + STALE

    def handle(self, event: Event) -> None:
        """Dispatch an event that arrived. Raises `BadFrame`, `EngineBusy`."""
        self._misses, self._doubted = 0, False
        if Pong.is_type(event.type):
            self._pings.pong_received()
        elif Ping.is_type(event.type):
            self._pings.ping_received(read(Ping, event).text)
        elif event.type == SILENT:
            self._stale_until = 0.0
        elif any(kind.is_type(event.type) for kind in _AUDIO):
            self._handle_audio(event)
        elif self._run is not None:
            self._run.handle(event)
        if any(kind.is_type(event.type) for kind in _WAKE):
            self._detected(event)

    def handle_waiting(self, event: Event) -> None:
        """Handle an event while another connection drives: signs of life only."""
        if Pong.is_type(event.type) or Ping.is_type(event.type):
            self.handle(event)

    def _handle_audio(self, event: Event) -> None:
        if self._announcement is not None:
            self._handle_announcement(event)
        elif self._run is not None and self._run.awaits_audio:
            self._stale_until = 0.0
            self._run.handle(event)
        elif self._stale_until > asyncio.get_running_loop().time():
            if AudioStop.is_type(event.type):
                self._stale_until = 0.0
        elif AudioStart.is_type(event.type):
            self._announcement = IncomingSpeech(self._connection.memory)
            self._announce(self._announcement)
            if self._run is not None and not self._run.understood:
                # Home Assistant ends a run without an event to announce something
                self._run.fail(EngineFailed("Home Assistant made an announcement instead"))

    def _handle_announcement(self, event: Event) -> None:
        assert self._announcement is not None
        if AudioChunk.is_type(event.type):
            self._announcement.take(event)
        elif AudioStop.is_type(event.type):
            self._announcement.end()
            self._announcement = None

    async def _send(self) -> None:
        try:
            while True:
                await self._connection.write(await self._outbox.get())
        except PeerClosed as error:
            self.mark_lost(error)

    async def _mute(self) -> None:
        while True:
            await self._pausing.wait()
            self._pausing.clear()
            await asyncio.sleep(LEAVING)
            if self.paused:
                self._muted()
                if self._run is not None and not self._run.understood:
                    self._run.fail(PeerClosed("Home Assistant has paused this satellite"))

    async def _watch(self) -> None:
        """Ping it at intervals until it is lost.

        Pings are counted, not seconds: after a delay of this program itself, the answers wait to be
        read.
        """
        while not self.lost:
            every = self._patience / MISSES if self._run is not None else EVERY
            if not (self.paused or self._leaving):
                self._pings.send_ping()
            self._woken.clear()
            try:
                async with asyncio.timeout(every):
                    await self._woken.wait()
                    continue
            except TimeoutError:
                pass
            self._misses += 1
            expected = self._pings.answered or self._doubted
            if self._misses >= MISSES and expected and not self.paused:
                _LOGGER.warning("Home Assistant does not answer any more")
                self.mark_lost(PeerClosed("Home Assistant does not answer any more"))
