"""Ducking beside the satellite that runs: told by its events, on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from satellite.audio.ducking.ducker import STEPS, Ducker, Notes, notes
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServer, SoundServerError
from satellite.events import Phase
from satellite.lib.bus import Bus, Subscription
from satellite.lib.worker import Worker
from satellite.settings import DuckingSettings

_LOGGER = logging.getLogger(__name__)

LOOK = 0.05
"""Seconds between two looks at what is played while others are quieter: what begins to play then
is as loud as it likes for so long. A look takes under a millisecond."""

WATCH = 2.0
"""Seconds between two looks for a player that ended while it was quieter, where its volume can only
be given back when it plays again."""

FAREWELL = 3.0
"""Seconds to give everything back at the end; a server that runs takes some milliseconds."""


@asynccontextmanager
async def ducking(
    settings: DuckingSettings, bus: Bus, connect: Callable[[], SoundServer] = PulseServer
) -> AsyncGenerator[None, None]:
    """Make others quieter whenever the satellite that runs in this block is not idle.

    What a crash has left quieter is given back first, and everything at the end.
    """
    if not settings.enabled:
        yield
        return
    worker = Worker("ducking")
    follower = _Follower(settings, worker, connect, notes())
    try:
        async with bus.subscribe("ducking") as happening, asyncio.TaskGroup() as tasks:
            helpers = (
                tasks.create_task(follower.follow(happening), name="ducking events"),
                tasks.create_task(follower.run(), name="ducking"),
            )
            try:
                yield
            finally:
                for helper in helpers:
                    helper.cancel()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await follower.close()
        await worker.close()


class _Follower:
    """Has the volumes of others follow what the satellite does."""

    def __init__(
        self,
        settings: DuckingSettings,
        worker: Worker,
        connect: Callable[[], SoundServer],
        kept: Notes,
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._connect = connect
        self._kept = kept
        self._server: SoundServer | None = None
        self._ducker: Ducker | None = None
        self._wanted = 0
        """The step at which others shall be."""
        self._step = 0
        """The step at which they are."""
        self._changed = asyncio.Event()
        self._failures = 0
        self._owing = False

    async def follow(self, happening: Subscription) -> None:
        """Wish for what the satellite's events ask for."""
        async for event in happening:
            if isinstance(event, Phase):
                self._wanted = 0 if event.phase == "idle" else STEPS
                self._changed.set()

    async def run(self) -> None:
        """Bring about what is wished, until cancelled."""
        if await self._worker.call(self._kept.read):  # else the server's library is not needed yet
            await self._try(self._begin)
        while True:
            if self._step == self._wanted == 0:
                await self._rest()
            self._changed.clear()
            if await self._try(self._advance):
                await self._pause()
                continue
            self._step = 0
            await self._changed.wait()
            if not self._wanted:  # the server may be there again, as loud as it was left
                await self._try(self._begin)

    async def close(self) -> None:
        """Give everything back at once."""
        await self._try(self._end)

    async def _rest(self) -> None:
        """Wait for the next turn, meanwhile giving back what comes again quieter than it was."""
        while True:
            try:
                async with asyncio.timeout(WATCH if self._owing else None):
                    await self._changed.wait()
                    return
            except TimeoutError:
                await self._try(self._begin)

    async def _pause(self) -> None:
        fading = self._step != self._wanted
        try:
            async with asyncio.timeout(self._settings.fade / STEPS if fading else LOOK):
                await self._changed.wait()
                if fading:  # the other way round: as slowly as before
                    await asyncio.sleep(self._settings.fade / STEPS)
        except TimeoutError:
            pass

    async def _try(self, work: Callable[[], None]) -> bool:
        try:
            await self._worker.call(work)
        except SoundServerError as error:
            self._failures += 1
            level = logging.INFO if self._failures == 1 else logging.DEBUG
            _LOGGER.log(
                level,
                "others are not made quieter while the satellite talks: there is no PulseAudio or "
                "PipeWire for this user: %s (ducking.enabled=false ends the attempts)",
                error,
            )
            return False
        except Exception:
            _LOGGER.exception("ducking: unexpected error")
            return False
        self._failures = 0
        return True

    # what follows runs on the thread

    def _begin(self) -> None:
        """See that there is a server, and give back what a crash has left."""
        self._owing = self._connected().owing
        self._disconnect()

    def _advance(self) -> None:
        try:
            ducker = self._connected()
            self._step += (self._wanted > self._step) - (self._wanted < self._step)
            if not self._settings.fade:
                self._step = self._wanted
            ducker.settle(self._step)
            self._owing = ducker.owing
            if not self._step:
                self._disconnect()
        except BaseException:
            self._disconnect()
            raise

    def _end(self) -> None:
        try:
            if self._ducker is not None:
                self._ducker.settle(0)
        finally:
            self._disconnect()

    def _connected(self) -> Ducker:
        if self._ducker is None:
            server = self._connect()
            try:
                ducker = Ducker(
                    server, self._settings.level, self._kept, spared=self._settings.spared
                )
                if found := ducker.recover():
                    _LOGGER.info("as loud again as before: %d streams of others", found)
            except BaseException:
                server.close()
                raise
            self._server, self._ducker = server, ducker
        return self._ducker

    def _disconnect(self) -> None:
        server, self._server, self._ducker = self._server, None, None
        if server is not None:
            server.close()
