"""Settings that are read again while the satellite runs: some change without a restart.

`systemctl reload`, SIGHUP, `satellite reload` or `POST /api/reload` ask for it. A turn that runs is
not disturbed, and where anything is wrong everything stays as it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from satellite.config.keys import ASSISTANTS, differences
from satellite.engines.assembly import create
from satellite.engines.closing import close
from satellite.errors import EngineFailed, SatelliteError, UsageError
from satellite.lib.containment import Containment
from satellite.lib.platform import processes
from satellite.ports import EngineContext, Wake
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

LIVE = (
    "listen.follow_up",
    "listen.sensitivities",
    "listen.sensitivity",
    "listen.stop_words",
    "sound.auto_gain",
    "sound.mic_volume",
    "sound.noise_suppression",
)
"""The settings, besides wake words, that their parts change at once."""

LOADS = 60.0
"""Seconds for a wake engine to be loaded: models on a slow memory card take a few."""


class Reloaded(msgspec.Struct, frozen=True):
    """What became of the settings that differ from those in use."""

    changed: tuple[str, ...]
    """Those that are in use now."""
    restart: tuple[str, ...]
    """Those that take a restart."""

    def __str__(self) -> str:
        parts = [f"in use now: {', '.join(self.changed)}"] if self.changed else []
        if self.restart:
            parts.append(f"taken with the next start: {', '.join(self.restart)}")
        return "; ".join(parts) or "no setting has changed"


class Reload:
    """Takes over what can change; `adopt` puts it to use, with a wake engine if that changed."""

    def __init__(
        self,
        settings: Settings,
        wake: Wake,
        read: Callable[[], Settings] | None,
        adopt: Callable[[Settings, Wake | None], Awaitable[None]],
        context: EngineContext,
    ) -> None:
        """`wake` is in use, and closed when another takes its place; `read` reads the settings
        again; None if they have no file or flag as a source."""
        self._settings = settings
        self._read = read
        self._adopt = adopt
        self._context = context
        self._wake = self._first = wake
        self._lock = asyncio.Lock()
        self._containment = Containment("a reload of the settings")

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self._settings

    async def run(self) -> None:
        """Do it at each SIGHUP, until cancelled; then close what was loaded here."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        terminal = await asyncio.to_thread(processes.has_terminal)
        if self._read is not None:
            processes.on_reload(loop, asked.set)
        try:
            while True:
                await asked.wait()
                asked.clear()
                if terminal and not await asyncio.to_thread(processes.has_terminal):
                    processes.stop_this()  # its window was closed
                    return
                try:
                    await self.now()
                except SatelliteError as error:
                    _LOGGER.error("the settings stay as they were: %s", error)
        finally:
            processes.off_reload(loop)
            if self._wake is not self._first:  # the first one is closed by its creator
                await close(self._wake)

    async def now(self) -> Reloaded:
        """Read the settings, and take over what can be.

        Raises `SatelliteError` with what is wrong; nothing has changed then.
        """
        async with self._lock:
            with self._containment.raising(EngineFailed):
                return await self._now()

    async def _now(self) -> Reloaded:
        if self._read is None:
            raise UsageError("this satellite has no settings that could be read again")
        wanted = await asyncio.to_thread(self._read)
        paths = [*differences(self._settings, wanted)]
        changed = tuple(path for path in paths if self._can_change(path))
        restart = tuple(path for path in paths if path not in changed)
        if changed:
            await self._change(wanted)
        done = Reloaded(changed, restart)
        _LOGGER.info("settings were read again; %s", done)
        return done

    def _can_change(self, path: str) -> bool:
        group, _, rest = path.partition(".")
        name, _, field = rest.partition(".")
        return path in ("wake", *LIVE) or (
            group == ASSISTANTS and field == "wake" and name in self._settings.assistants
        )

    async def _change(self, wanted: Settings) -> None:
        engine = (
            await loaded(wanted.wake, self._context) if wanted.wake != self._settings.wake else None
        )
        assistants = {
            name: msgspec.structs.replace(own, wake=wanted.assistants[name].wake)
            if name in wanted.assistants
            else own
            for name, own in self._settings.assistants.items()
        }
        listen = msgspec.structs.replace(
            self._settings.listen,
            follow_up=wanted.listen.follow_up,
            sensitivities=wanted.listen.sensitivities,
            sensitivity=wanted.listen.sensitivity,
            stop_words=wanted.listen.stop_words,
        )
        sound = msgspec.structs.replace(
            self._settings.sound,
            auto_gain=wanted.sound.auto_gain,
            mic_volume=wanted.sound.mic_volume,
            noise_suppression=wanted.sound.noise_suppression,
        )
        settings = msgspec.structs.replace(
            self._settings, wake=wanted.wake, assistants=assistants, listen=listen, sound=sound
        )
        await self._adopt(settings, engine)
        self._settings = settings
        if engine is not None:
            before, self._wake = self._wake, engine
            await close(before)


async def loaded(component: str, context: EngineContext) -> Wake:
    """Return a wake engine that works. Raises `SatelliteError`."""
    engine: Wake = await create("wake", component, context)
    try:
        async with asyncio.timeout(LOADS):
            await engine.load()
    except TimeoutError as error:
        await close(engine)
        raise UsageError(f"{component} was not loaded in {LOADS:g} s") from error
    except BaseException:
        await close(engine)
        raise
    return engine
