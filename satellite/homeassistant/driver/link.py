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
from satellite.homeassistant.driver.pings import Pings
from satellite.homeassistant.driver.pipeline_run import PipelineRun
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.messages import read
from satellite.net.wire import Connection

_LOGGER = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between our pings while nothing happens: as often as Home Assistant sends its own."""

MISSES = 4
"""Pings without any sign of life after which it is gone."""

OUTBOX = 2048
"""Events that wait to be sent: a minute of sound. Who does not read for so long is gone."""

LEAVING = 0.3
"""Seconds from being paused to the end of the connection where Home Assistant stops; it says the
same as where it mutes this satellite, and then stays."""

STALE = 10.0
"""Seconds in which the sound of an answer comes that was given up; longer ones would swallow an
announcement where no sound comes at all."""

_WAKE = (Detect, Detection, Error)
_AUDIO = (AudioStart, AudioChunk, AudioStop)


class DriverLink:
    """Sends events, and passes those that come to whom they concern, both without ever waiting.

    `announce` is given each piece of sound that nobody asked for, `detected` what may concern wake
    words; `muted` is told that nobody shall be listened to.
    """

    def __init__(
        self,
        connection: Connection,
        patience: float,
        announce: Callable[[IncomingSpeech], None],
        detected: Callable[[Event], None],
        muted: Callable[[], None],
    ) -> None:
        self.paused = False
        """It has muted this satellite."""
        self.lost = False
        self._connection = connection
        self._patience = patience
        self._announce = announce
        self._detected = detected
        self._muted = muted
        self._pausing = asyncio.Event()
        self._outbox: asyncio.Queue[Event] = asyncio.Queue(OUTBOX)
        self._run: PipelineRun | None = None
        self._stale_until = 0.0
        """Until then (the loop's time) sound of an answer is to come that nobody waits for."""
        self._announcement: IncomingSpeech | None = None
        self._pings = Pings(self.send)
        self._leaving = False
        self._misses = 0
        self._woken = asyncio.Event()

    @property
    def drives(self) -> bool:
        """It is there, and may take turns."""
        return not (self.lost or self.paused)

    async def run(self) -> None:
        """Send what is to be sent, and watch that the other side is there, until cancelled."""
        # it says nothing for as long as it mutes this satellite, and is not idle for that
        with self._connection.working():
            await self._live()

    async def _live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            tasks.create_task(self._watch())
            tasks.create_task(self._mute())

    def send(self, event: Event) -> None:
        """Send an event after those that wait; nothing, when the other side has gone."""
        if self.lost or (self.paused and AudioChunk.is_type(event.type)):
            return
        try:
            self._outbox.put_nowait(event)
        except asyncio.QueueFull:
            self.lose(PeerClosed("Home Assistant reads nothing any more"))

    def lose(self, cause: SatelliteError) -> None:
        """There is nobody any more. Twice is once."""
        if self.lost:
            return
        self.lost = True
        self._pings.end()
        self._connection.abort()
        if self._run is not None:
            self._run.fail(cause)
        if self._announcement is not None:
            self._announcement.end(cut_off=True)

    async def leave(self) -> None:
        """Hang up, at a moment at which Home Assistant is soonest back."""
        if self.drives:
            self._leaving = True
            await self._pings.rest()
        self.lose(PeerClosed("this satellite stops"))

    def pause(self) -> None:
        """It takes no more turns: it mutes this satellite, or is about to leave."""
        self.paused = True
        self._pausing.set()

    def resume(self) -> None:
        """Home Assistant takes turns, again."""
        self.paused = False

    @contextmanager
    def running(self) -> Iterator[PipelineRun]:
        """A run of its pipeline: inside this block its events are the run's."""
        run = self._run = PipelineRun()
        self._misses = 0
        self._woken.set()  # from now on it is missed sooner
        if self.lost:
            run.fail(PeerClosed("Home Assistant hung up"))
        try:
            yield run
        finally:
            if self._run is run:
                self._run = None
            if run.owes_sound:
                self._stale_until = asyncio.get_running_loop().time() + STALE

    def take(self, event: Event) -> None:
        """Pass on what came. Raises `BadFrame`."""
        self._misses = 0
        if Pong.is_type(event.type):
            self._pings.heard()
        elif Ping.is_type(event.type):
            self._pings.take(read(Ping, event).text)
        elif any(kind.is_type(event.type) for kind in _AUDIO):
            self._take_audio(event)
        elif self._run is not None:
            self._run.take(event)
        if any(kind.is_type(event.type) for kind in _WAKE):
            self._detected(event)

    def _take_audio(self, event: Event) -> None:
        if self._announcement is not None:
            self._take_announcement(event)
        elif self._run is not None and self._run.awaits_sound:
            self._stale_until = 0.0
            self._run.take(event)
        elif self._stale_until > asyncio.get_running_loop().time():
            if AudioStop.is_type(event.type):
                self._stale_until = 0.0
        elif AudioStart.is_type(event.type):
            self._announcement = IncomingSpeech()
            self._announce(self._announcement)
            if self._run is not None and not self._run.understood:
                # Home Assistant ends a run without a word to announce something
                self._run.fail(EngineFailed("Home Assistant made an announcement instead"))

    def _take_announcement(self, event: Event) -> None:
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
            self.lose(error)

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
        """Ask again and again whether it is there.

        What is counted are questions, not seconds: when this program itself was held up, the
        answers lie waiting to be read.
        """
        while not self.lost:
            every = self._patience / MISSES if self._run is not None else EVERY
            if not (self.paused or self._leaving):
                self._pings.ask()
            self._woken.clear()
            try:
                async with asyncio.timeout(every):
                    await self._woken.wait()
                    continue
            except TimeoutError:
                pass
            self._misses += 1
            if self._misses >= MISSES and self._pings.answers and not self.paused:
                _LOGGER.warning("Home Assistant does not answer any more")
                self.lose(PeerClosed("Home Assistant does not answer any more"))
