"""The port at which Home Assistant reaches this satellite, and its announcement on the LAN."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from satellite.errors import PortInUse
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.lib.containment import Containment
from satellite.net.discovery.advert import Advert, announce
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.listen import listen_limits, listening
from satellite.net.memory_budget import MemoryBudget
from satellite.net.uri import Tcp, parse
from satellite.net.wire import Connection
from satellite.requirements import own_version
from satellite.settings import HOME_ASSISTANT_PORT, Settings

_LOGGER = logging.getLogger(__name__)


class Port:
    """Accepts Home Assistant; a peer that connects before the satellite is ready waits for it."""

    def __init__(self, settings: Settings) -> None:
        self.memory = MemoryBudget(settings.limits.held)
        """Counts what peers make this satellite hold, at this port and at that of HTTP."""
        self.bound: str | None = None
        """The URI of the port, if it is open."""
        self._settings = settings
        self._peer: asyncio.Future[HomeAssistantPeer | None] = (
            asyncio.get_running_loop().create_future()
        )

    async def serve(self, connection: Connection) -> None:
        """Serve one peer until it leaves."""
        try:
            peer = await asyncio.shield(self._peer)
            if peer is not None:
                await peer.serve(connection)
        finally:
            await connection.close()

    @asynccontextmanager
    async def open(
        self, peer: HomeAssistantPeer, adverts: Sequence[Advert] = ()
    ) -> AsyncGenerator[None, None]:
        """Serve peers during this block, and announce the satellite on the LAN, with further
        `adverts`."""
        self._peer.set_result(peer)
        try:
            async with AsyncExitStack() as stack:
                address = parse(self.bound) if self.bound else None
                own = [_advert(address, self._settings)] if isinstance(address, Tcp) else []
                if self._settings.zeroconf and (adverts := (*own, *adverts)):
                    await stack.enter_async_context(_announced(adverts))
                stack.push_async_callback(peer.disconnect)
                yield
        finally:
            self._peer = asyncio.get_running_loop().create_future()
            self._peer.set_result(None)


@asynccontextmanager
async def reachable(settings: Settings) -> AsyncGenerator[Port, None]:
    """Listen for Home Assistant during this block: early, since it retries a closed port only
    after 10 s.

    A second satellite of the same machine continues without a port, unless one is configured.

    Raises:
        PortInUse: another program has the configured port; the message names the setting.
        ConfigError: the address is invalid.
    """
    uri, port = settings.homeassistant.listen, Port(settings)
    async with AsyncExitStack() as stack:
        if uri:
            name, limits = "Home Assistant's satellite", listen_limits(settings)
            opened = listening(uri, port.serve, name=name, limits=limits, memory=port.memory)
            try:
                port.bound = await stack.enter_async_context(opened)
            except PortInUse as error:
                problem = f"Home Assistant cannot reach this satellite: {error} (--listen)"
                if uri != HOME_ASSISTANT_PORT or settings.brain == "homeassistant":
                    raise PortInUse(problem) from error
                _LOGGER.warning("%s", problem)
            else:
                _LOGGER.info("Home Assistant can reach this satellite at %s", port.bound)
        yield port


def _advert(address: Tcp, settings: Settings) -> Advert:
    return Advert(
        role="satellite",
        bound=address,
        name=settings.name,
        addresses=settings.homeassistant.advertise,
        facts=lambda: {"version": own_version()},
    )


@asynccontextmanager
async def _announced(adverts: Sequence[Advert]) -> AsyncGenerator[None, None]:
    async with asyncio.TaskGroup() as tasks:
        announcing = Containment("the advert of this satellite").run(partial(_announce, adverts))
        task = tasks.create_task(announcing, name="advert")
        try:
            yield
        finally:
            task.cancel()


async def _announce(adverts: Sequence[Advert]) -> None:
    def log(names: tuple[str, ...]) -> None:
        _LOGGER.info("announced on the LAN: %s", ", ".join(names))

    try:
        await announce(adverts, on_announced=log)
    except NoMulticast as error:
        _LOGGER.warning("Home Assistant cannot discover this satellite: %s", error)
