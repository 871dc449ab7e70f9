"""The engines that a server serves: made, loaded, given pools, and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any

from satellite.components.auto import look_every, preference
from satellite.components.spec import AUTO
from satellite.engines import assembly
from satellite.engines.home_aware import at_home
from satellite.homeassistant.client.home import Home
from satellite.homeassistant.client.home import opened as opened_home
from satellite.ports import EngineContext, Sharing
from satellite.settings import Settings
from servers import standby
from servers.metrics import Metrics
from servers.pool import LocalPool, Pool
from servers.standby import Standby

_LOGGER = logging.getLogger(__name__)

CLOSE = 1.0
"""Seconds for the engines to close, so that stopping takes no more than two in all."""


class Loaded:
    """The engines of the roles, and what works with them."""

    def __init__(
        self, settings: Settings, metrics: Metrics | None, home: Home | None, nice: int
    ) -> None:
        self._settings = settings
        self._home = home
        self._context = EngineContext.for_settings(settings, home, nice)
        self._metrics = metrics
        self.engines: dict[str, Any] = {}

    async def make(self) -> None:
        """Make the engines, all before any is loaded, as most mistakes show here."""
        for role in self._settings.server.roles:
            text = getattr(self._settings, role)
            if text == AUTO and role in standby.STANDBYS:
                self.engines[role] = standby.STANDBYS[role](
                    role,
                    choose=partial(preference, role, self._context),
                    loaded=partial(self._loaded, role),
                    pool=partial(self.pool, role),
                )
            else:
                self.engines[role] = await self._create(role, text)

    async def load(self) -> None:
        """Load the engines side by side."""
        async with asyncio.TaskGroup() as tasks:
            for role, engine in self.engines.items():
                tasks.create_task(self._load(role, engine))

    async def watch(self) -> None:
        """Change to better engines as soon as their models are there, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for role, engine in self.engines.items():
                if isinstance(engine, Standby) and (every := look_every(role)) is not None:
                    tasks.create_task(engine.watch(every), name=f"standby {role}")

    async def close(self) -> None:
        """Close the engines, the last one first, in bounded time."""
        try:
            async with asyncio.timeout(CLOSE):
                for engine in reversed(self.engines.values()):
                    await engine.close()
        except TimeoutError:
            _LOGGER.warning("an engine did not close within %g s", CLOSE)

    def pool(self, role: str, engine: Any) -> Pool:
        """A pool for an engine.

        Wake words are listened for as long as a client stays: there is a place for each of them. An
        engine that divides itself among its requests (`shares`) is given all of them at once.
        """
        server = self._settings.server
        if isinstance(engine, Sharing) and engine.shares:
            return LocalPool(engine, server.workers + server.waiting, 0)
        return LocalPool(engine, self.places(role), server.waiting)

    def places(self, role: str) -> int:
        """Requests of a role that are worked on at once."""
        server = self._settings.server
        return server.connections if role == "wake" else server.workers

    async def _load(self, role: str, engine: Any) -> None:
        began = monotonic()
        await engine.load()
        if self._metrics is not None and not isinstance(engine, Standby):
            self._metrics.loaded(role, engine.describe().name, monotonic() - began)

    async def _create(self, role: str, component: str) -> Any:
        engine = await assembly.create(role, component, self._context)
        return engine if self._home is None else at_home(role, engine, self._home)

    async def _loaded(self, role: str, component: str) -> Any:
        """Make and load the engine that stands by. Raises what either does."""
        engine = await self._create(role, component)
        try:
            await self._load(role, engine)
        except BaseException:
            await engine.close()
            raise
        return engine


@asynccontextmanager
async def loaded(
    settings: Settings, metrics: Metrics | None, nice: int = 0
) -> AsyncGenerator[Loaded, None]:
    """The engines that the settings name, loaded; closed at the end of the block.

    `nice`: see `EngineContext`. Raises what making and loading them raises.
    """
    async with opened_home(settings.home) as home:
        made = Loaded(settings, metrics, home, nice)
        try:
            await made.make()
            await made.load()
            yield made
        finally:
            await made.close()
