"""The TLS port for paired satellites, which serves all roles."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from satellite.errors import PortInUse
from satellite.net.memory_budget import MemoryBudget
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.policy import KEY_FACT, PORT_FACT
from satellite.net.uri import Tls, parse
from satellite.settings import Settings
from servers.serve import ServeLimits
from servers.serve.server import serving_paired
from servers.serve.service import Service

_LOGGER = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two checks for pairings: a person who has just paired tries it at once."""


class PairedPort:
    """Opens as soon as a satellite is paired."""

    def __init__(
        self,
        settings: Settings,
        services: Mapping[str, Service],
        limits: ServeLimits,
        memory: MemoryBudget | None = None,
    ) -> None:
        """`memory` counts what clients make us hold, by default at this port alone."""
        self._settings = settings
        self._pairing = Pairing(settings.pairing)
        self._services = services
        self._limits = limits
        self._memory = memory
        self._facts: dict[str, str] = {}
        self._stack = AsyncExitStack()

    def facts(self) -> dict[str, str]:
        """Return the facts of the adverts; none until the port is open."""
        return self._facts

    async def __aenter__(self) -> PairedPort:
        """Open the port if a satellite is paired. Raises `PortInUse`, `KeysUnusable`."""
        await self._look()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self._stack.aclose()

    async def watch(self) -> None:
        """Open the port once a satellite is paired; return only when cancelled."""
        warned = False
        while not self._facts:
            await asyncio.sleep(LOOK)
            try:
                await self._look()
            except (KeysUnusable, PortInUse) as error:
                level = logging.DEBUG if warned else logging.ERROR
                warned = True
                _LOGGER.log(level, "paired satellites cannot be served: %s", error)
        await asyncio.Event().wait()

    async def _look(self) -> None:
        if self._facts or not (self._pairing.required or self._pairing.peers.all()):
            return
        server, folder = self._settings.server, self._pairing.keys
        me = await asyncio.to_thread(ensure_identity, folder, self._settings.name)
        for port in (server.tls_port, 0):
            try:
                uri = str(Tls(server.host, port))
                served = serving_paired(
                    self._services, uri, folder, limits=self._limits, memory=self._memory
                )
                bound = await self._stack.enter_async_context(served)
                break
            except PortInUse as error:
                if self._pairing.required or not port:
                    raise PortInUse(f"paired satellites: {error} (--tls-port)") from error
                _LOGGER.warning("%s: using another port for paired satellites", error)
        address = parse(bound)
        assert isinstance(address, Tls)
        self._facts = {PORT_FACT: str(address.port), KEY_FACT: me.fingerprint}
        _LOGGER.info("paired satellites: %s", bound)
