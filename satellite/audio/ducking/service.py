"""Ducking as part of a running satellite: follows its events, and works on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from satellite.audio.ducking.ducker import STEPS, DuckedStore, Ducker, ducked_store
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServer, SoundServerError
from satellite.events import Phase
from satellite.lib.bus import Bus, Subscription
from satellite.lib.platform import system
from satellite.lib.worker import Worker
from satellite.settings import DuckingSettings

_LOGGER = logging.getLogger(__name__)

LOOK = 0.05
"""Seconds between two looks at the streams while others are ducked: a new stream plays at its own
volume until the next look, which takes under a millisecond."""

WATCH = 2.0
"""Seconds between two looks for a player that ended while it was ducked, where its volume can only
be restored when it plays again."""

CLOSING = 3.0
"""Seconds to restore all volumes at the end; a responsive server takes some milliseconds."""


@asynccontextmanager
async def ducking(
    settings: DuckingSettings, bus: Bus, connect: Callable[[], SoundServer] = PulseServer
) -> AsyncGenerator[None, None]:
    """Duck other programs whenever the satellite that runs in this block is not idle.

    Volumes that a crash has left lowered are restored first, and all of them at the end.
    """
    if not settings.enabled or not system.is_linux():  # others have no PulseAudio
        yield
        return
    worker = Worker("ducking")
    service = _DuckingService(settings, worker, connect, ducked_store())
    try:
        async with bus.subscribe("ducking") as events, asyncio.TaskGroup() as tasks:
            helpers = (
                tasks.create_task(service.follow(events), name="ducking events"),
                tasks.create_task(service.run(), name="ducking"),
            )
            try:
                yield
            finally:
                for helper in helpers:
                    helper.cancel()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await service.close()
        await worker.close()


class _DuckingService:
    """Fades the volumes of other programs with the satellite's phase."""

    def __init__(
        self,
        settings: DuckingSettings,
        worker: Worker,
        connect: Callable[[], SoundServer],
        store: DuckedStore,
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._connect = connect
        self._store = store
        self._server: SoundServer | None = None
        self._ducker: Ducker | None = None
        self._wanted = 0
        """The step that other programs are to reach."""
        self._step = 0
        """The step at which they are."""
        self._changed = asyncio.Event()
        self._failures = 0
        self._has_unrestored = False

    async def follow(self, events: Subscription) -> None:
        """Set the wanted step by the satellite's events."""
        async for event in events:
            if isinstance(event, Phase):
                self._wanted = 0 if event.phase == "idle" else STEPS
                self._changed.set()

    async def run(self) -> None:
        """Bring other programs to the wanted step, until cancelled."""
        if await self._worker.call(self._store.read):  # otherwise its library is not needed yet
            await self._try(self._recover)
        while True:
            if self._step == self._wanted == 0:
                await self._wait_for_turn()
            self._changed.clear()
            if await self._try(self._advance):
                await self._pause()
                continue
            self._step = 0
            await self._changed.wait()
            if not self._wanted:  # the server may be back, with the volumes that it was left with
                await self._try(self._recover)

    async def close(self) -> None:
        """Restore all volumes at once."""
        await self._try(self._end)

    async def _wait_for_turn(self) -> None:
        """Wait for the next turn, meanwhile restoring programs that play again while ducked."""
        while True:
            try:
                async with asyncio.timeout(WATCH if self._has_unrestored else None):
                    await self._changed.wait()
                    return
            except TimeoutError:
                await self._try(self._recover)

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
                "ducking is unavailable: no PulseAudio or PipeWire for this user: %s "
                "(ducking.enabled=false ends the attempts)",
                error,
            )
            return False
        except Exception:
            _LOGGER.exception("ducking: unexpected error")
            return False
        self._failures = 0
        return True

    # the following methods run on the worker's thread

    def _recover(self) -> None:
        """Restore the volumes that a crash, or a program that ended, has left lowered."""
        self._has_unrestored = self._connected().has_unrestored
        self._disconnect()

    def _advance(self) -> None:
        try:
            ducker = self._connected()
            self._step += (self._wanted > self._step) - (self._wanted < self._step)
            if not self._settings.fade:
                self._step = self._wanted
            ducker.apply(self._step)
            self._has_unrestored = ducker.has_unrestored
            if not self._step:
                self._disconnect()
        except BaseException:
            self._disconnect()
            raise

    def _end(self) -> None:
        try:
            if self._ducker is not None:
                self._ducker.apply(0)
        finally:
            self._disconnect()

    def _connected(self) -> Ducker:
        if self._ducker is None:
            server = self._connect()
            try:
                ducker = Ducker(
                    server, self._settings.level, self._store, spared=self._settings.spared
                )
                if count := ducker.recover():
                    _LOGGER.info("ducking: restored the volume of %d streams", count)
            except BaseException:
                server.close()
                raise
            self._server, self._ducker = server, ducker
        return self._ducker

    def _disconnect(self) -> None:
        server, self._server, self._ducker = self._server, None, None
        if server is not None:
            server.close()
