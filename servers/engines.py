"""The engines of a server: created, loaded, given pools, and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from typing import Any

import msgspec

from satellite.components.auto import WAKE_STAND_IN, look_every, preference
from satellite.components.spec import AUTO
from satellite.engines import assembly
from satellite.engines.closing import close
from satellite.engines.external_tools import external_tools
from satellite.engines.home_aware import at_home
from satellite.errors import SatelliteError
from satellite.homeassistant.client.home import Home
from satellite.homeassistant.client.home import opened as opened_home
from satellite.lib.platform.cores import cores
from satellite.ports import EngineContext, ExternalTools, JudgesTexts, Sharing
from satellite.settings import Settings
from servers import standby
from servers.metrics import Metrics
from servers.pool import LocalPool, Pool
from servers.pools import make_pools
from servers.processor_shares import ProcessorShares
from servers.standby import Standby

_LOGGER = logging.getLogger(__name__)

_SENTENCES = "intents"


class ServedEngines:
    """The engines of the served roles."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics | None,
        home: Home | None,
        nice: int,
        tools: ExternalTools | None = None,
    ) -> None:
        """Raises what `servers.pools.make_pools` raises."""
        self._settings = settings
        self._home = home
        self._pools = make_pools(settings.server)
        context = EngineContext.for_settings(settings, home, nice, tools)
        self.context = msgspec.structs.replace(context, processors=ProcessorShares(cores()))
        self._metrics = metrics
        self.by_role: dict[str, Any] = {}
        self._judge: Any = None

    async def judge(self) -> JudgesTexts | None:
        """Return an engine that judges texts: the brain if it is the sentences, or sentences of its
        own, which are read when they are needed; None where their packages are missing."""
        if self._judge is None:
            if "llm" in self.by_role and self._settings.llm.partition(":")[0] == _SENTENCES:
                self._judge = self.by_role["llm"]
            else:
                try:
                    self._judge = await self._create_here("llm", _SENTENCES)
                except SatelliteError as error:
                    _LOGGER.debug("no request ends by its meaning: %s", error)
        return self._judge if isinstance(self._judge, JudgesTexts) else None

    async def create(self) -> None:
        """Create the engines, all before any is loaded: most mistakes are reported here."""
        for role in self._settings.server.roles:
            text = getattr(self._settings, role)
            if text == AUTO and role == "wake":
                text = WAKE_STAND_IN  # knows the most words, of which clients choose theirs
            if text == AUTO and role in standby.STANDBYS:
                self.by_role[role] = standby.STANDBYS[role](
                    role,
                    choose=partial(preference, role, self.context),
                    load_engine=partial(self._open, role),
                    pool=partial(self.pool, role),
                )
            else:
                self.by_role[role] = await self._create(role, text)

    async def load(self) -> None:
        """Load the engines at the same time."""
        async with asyncio.TaskGroup() as tasks:
            for role, engine in self.by_role.items():
                tasks.create_task(self._load(role, engine))

    async def watch(self) -> None:
        """Change to better engines once their models are installed, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for role, engine in self.by_role.items():
                if isinstance(engine, Standby) and (every := look_every(role)) is not None:
                    tasks.create_task(engine.watch(every), name=f"standby {role}")

    async def close(self) -> None:
        """Close all engines at once, within the seconds that their place takes, so that none has to
        wait for another's close, or its error."""
        others = () if self._judge in (None, *self.by_role.values()) else (self._judge,)
        seconds = self._pools.closing
        try:
            async with asyncio.timeout(seconds):
                await close(*self.by_role.values(), *others, seconds=seconds)
                await self._pools.close()
        except TimeoutError:
            _LOGGER.warning("an engine did not close within %g s", seconds)

    def pool(self, role: str, engine: Any) -> Pool:
        """Return a pool for an engine.

        A wake-word request lasts as long as its client stays connected, so every client has a
        place. An engine that schedules its requests itself (`shares`) receives all of them at once.
        """
        server = self._settings.server
        if isinstance(engine, Sharing) and engine.shares:
            return LocalPool(engine, server.workers + server.waiting, 0)
        return LocalPool(engine, self.places(role), server.waiting)

    def places(self, role: str) -> int:
        """Return how many requests of a role run at once."""
        return self._settings.server.connections if role == "wake" else self._pools.places(role)

    async def _load(self, role: str, engine: Any) -> None:
        started_at = monotonic()
        await engine.load()
        if self._metrics is not None and not isinstance(engine, Standby):
            self._metrics.loaded(role, engine.describe().name, monotonic() - started_at)

    async def _create(self, role: str, component: str) -> Any:
        engine = await self._pools.create(role, component, self.context)
        return self._with_home(role, engine)

    async def _create_here(self, role: str, component: str) -> Any:
        return self._with_home(role, await assembly.create(role, component, self.context))

    def _with_home(self, role: str, engine: Any) -> Any:
        return engine if self._home is None else at_home(role, engine, self._home)

    async def _open(self, role: str, component: str) -> Any:
        """Create and load an engine for a standby. Raises what either raises."""
        engine = await self._create(role, component)
        try:
            await self._load(role, engine)
        except BaseException:
            await close(engine)
            raise
        return engine


@asynccontextmanager
async def open_engines(
    settings: Settings, metrics: Metrics | None, nice: int = 0
) -> AsyncGenerator[ServedEngines, None]:
    """Create and load the engines of the settings; close them at the end of the block.

    `nice`: see `EngineContext`. Raises what creating and loading them raises.
    """
    async with (
        opened_home(settings.home) as home,
        external_tools(settings) as tools,
    ):
        engines = ServedEngines(settings, metrics, home, nice, tools)
        try:
            await engines.create()
            await engines.load()
            yield engines
        finally:
            await engines.close()
