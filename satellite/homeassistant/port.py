"""The port at which Home Assistant reaches this satellite, and its announcement on the LAN."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from satellite.errors import PortInUse
from satellite.homeassistant.role import Role
from satellite.net.advert import Advert, announce
from satellite.net.door import door, limits_of
from satellite.net.mdns import NoMulticast
from satellite.net.uri import Tcp, parse
from satellite.settings import HOME_ASSISTANT_PORT, Settings

_LOGGER = logging.getLogger(__name__)


@asynccontextmanager
async def reachable(role: Role, settings: Settings) -> AsyncGenerator[str | None, None]:
    """Let Home Assistant in during this block, and yield where.

    Raises `PortInUse`, naming what to change, and `ConfigError`. Where nobody has chosen the
    port, a second satellite of the same machine goes on without one.
    """
    uri, bound = settings.homeassistant.listen, None
    async with AsyncExitStack() as stack:
        if uri:
            try:
                bound = await stack.enter_async_context(
                    door(
                        uri,
                        role.serve,
                        name="Home Assistant's satellite",
                        limits=limits_of(settings),
                    )
                )
            except PortInUse as error:
                problem = f"Home Assistant cannot reach this satellite: {error} (--listen)"
                if uri != HOME_ASSISTANT_PORT or settings.brain == "homeassistant":
                    raise PortInUse(problem) from error
                _LOGGER.warning("%s", problem)
            else:
                _LOGGER.info("Home Assistant can reach this satellite at %s", bound)
                if isinstance(address := parse(bound), Tcp) and settings.zeroconf:
                    await stack.enter_async_context(_announced(address, settings))
        yield bound


@asynccontextmanager
async def _announced(address: Tcp, settings: Settings) -> AsyncGenerator[None, None]:
    advert = Advert(
        role="satellite",
        bound=address,
        name=settings.name,
        addresses=settings.homeassistant.advertise,
        facts=lambda: {"version": version("satellite")},
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(_announce(advert), name="advert")
        try:
            yield
        finally:
            task.cancel()


async def _announce(advert: Advert) -> None:
    def log(names: tuple[str, ...]) -> None:
        _LOGGER.info("announced on the LAN: %s", ", ".join(names))

    try:
        await announce([advert], announced=log)
    except NoMulticast as error:
        _LOGGER.warning("Home Assistant cannot find this satellite by itself: %s", error)
