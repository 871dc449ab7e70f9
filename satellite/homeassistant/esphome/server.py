"""The port of ESPHome's native API, its announcement on the LAN, and when a satellite has it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from satellite.errors import PortInUse
from satellite.homeassistant.driver.dialect import ESPHOME, Dialect, EventConnection
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.device import Device
from satellite.homeassistant.esphome.frames import ApiConnection, load_ciphers
from satellite.homeassistant.esphome.session import Session
from satellite.homeassistant.esphome.voice import VoiceChannel
from satellite.net.discovery.advert import Advert
from satellite.net.listen import listen_limits, listening
from satellite.net.memory_budget import MemoryBudget
from satellite.net.uri import Tcp, parse
from satellite.net.wire import Connection
from satellite.requirements import own_version
from satellite.settings import ESPHOME_PORT, Settings

_LOGGER = logging.getLogger(__name__)

CLIENTS = 16
"""Clients at once: Home Assistant, the ESPHome dashboard, and log viewers."""

TYPE = "_esphomelib._tcp.local."
"""The service type under which Home Assistant finds devices of this API."""

ServeDriver = Callable[[EventConnection, Dialect], Awaitable[None]]


class EsphomePort:
    """Accepts clients; those that connect before the satellite is ready wait for it."""

    def __init__(self) -> None:
        self.bound: str | None = None
        """The URI of the port, if it is open."""
        self._ready: asyncio.Future[tuple[Device, ServeDriver] | None] = (
            asyncio.get_running_loop().create_future()
        )

    async def serve(self, connection: Connection) -> None:
        """Serve one client until it leaves."""
        assert isinstance(connection, ApiConnection)
        try:
            if (ready := await asyncio.shield(self._ready)) is None:
                return
            device, serve_driver = ready

            async def drive(channel: VoiceChannel) -> None:
                await serve_driver(channel, ESPHOME)

            await Session(connection, device, drive).run()
        finally:
            await connection.close()

    @asynccontextmanager
    async def open(self, device: Device, serve_driver: ServeDriver) -> AsyncGenerator[None, None]:
        """Serve clients during this block."""
        self._ready.set_result((device, serve_driver))
        try:
            yield
        finally:
            self._ready = asyncio.get_running_loop().create_future()
            self._ready.set_result(None)

    def adverts(self, device: Device, settings: Settings) -> list[Advert]:
        """Return the announcement of this port, if others can reach it."""
        address = parse(self.bound) if self.bound else None
        if not isinstance(address, Tcp):
            return []
        advert = EsphomeAdvert(
            role="satellite",
            bound=address,
            name=device.name,
            addresses=settings.homeassistant.advertise,
            facts=lambda: _facts(device),
        )
        return [advert]


class EsphomeAdvert(Advert, frozen=True, kw_only=True):
    """The announcement of a device: its host has the name of the device."""

    @property
    def type(self) -> str:
        return TYPE

    @property
    def instance(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        return f"{self.name}.local."

    def records(self) -> dict[str, str]:
        return self.facts()


def _facts(device: Device) -> dict[str, str]:
    """The TXT values; without `mac` Home Assistant does not look at a device.

    Where encryption is announced it asks for the key at once, and it is not while Home Assistant
    may make one.
    """
    return {
        "mac": device.mac,
        "friendly_name": device.friendly_name,
        "version": own_version(),
        "platform": "satellite",
        "board": "satellite",
        "network": "ethernet",
        "project_name": "Satellite.Voice satellite",
        "project_version": own_version(),
        "api_encryption": load_ciphers().NAME if device.identity.key else "",
    }


@asynccontextmanager
async def esphome_reachable(
    settings: Settings, memory: MemoryBudget
) -> AsyncGenerator[EsphomePort, None]:
    """Listen for clients during this block.

    Where the usual port is taken, as by another satellite of this machine, any free one is used:
    the announcement names it.

    Raises:
        PortInUse: another program has the configured port; the message names the setting.
        ConfigError: the address is invalid, or the extra is missing.
    """
    await asyncio.to_thread(messages.prepare)
    await asyncio.to_thread(load_ciphers)
    port, limits = EsphomePort(), listen_limits(settings, CLIENTS)
    async with AsyncExitStack() as stack:

        async def listen(uri: str) -> str:
            opened = listening(
                uri,
                port.serve,
                name="ESPHome's API",
                limits=limits,
                memory=memory,
                kind=ApiConnection,
            )
            return await stack.enter_async_context(opened)

        uri = settings.homeassistant.esphome
        try:
            port.bound = await listen(uri)
        except PortInUse as error:
            if uri != ESPHOME_PORT:
                raise PortInUse(f"{error} (homeassistant.esphome)") from error
            port.bound = await listen(str(msgspec.structs.replace(parse(uri), port=0)))
            _LOGGER.warning("%s: Home Assistant finds this satellite at %s", error, port.bound)
        _LOGGER.info("Home Assistant can reach this satellite by ESPHome's API at %s", port.bound)
        yield port
