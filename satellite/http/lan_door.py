"""HTTPS for browsers of the LAN: open while one is logged in or may log in, otherwise closed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from satellite.errors import SatelliteError
from satellite.http.browsers import Browsers
from satellite.http.certificate import HttpsCertificate, Served
from satellite.http.connections import HttpServer, listening_sockets
from satellite.http.door import Door
from satellite.net.allowed import AllowedNetworks
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

_LOGGER = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two checks for a code: a person who has just asked for one tries it at once."""

RENEW = 10.0
"""Seconds between two checks of the certificate: an address may have changed."""

PER_ADDRESS = 16
"""Connections of one address: a browser opens six, and a phone has more than one page."""


class LanDoor:
    """Opens the port of HTTPS, renews its certificate, and closes it again."""

    def __init__(
        self,
        door: Door,
        certificate: HttpsCertificate,
        browsers: Browsers,
        runner: Callable[[], AppRunner],
        allowed: AllowedNetworks,
    ) -> None:
        """`runner` is as `HttpServer` takes it."""
        self._door = door
        self._certificate = certificate
        self._browsers = browsers
        self._make_runner = runner
        self._allowed = allowed
        self._served: Served | None = None
        self._context: ssl.SSLContext | None = None
        self._checked = float("-inf")
        self._problem = ""
        self.port: int | None = None
        """The port, while it is open."""

    async def check(self) -> None:
        """Raise `ConfigError` for a certificate of the user's that cannot be used."""
        if self._certificate.named:
            await asyncio.to_thread(self._certificate.ensure)

    async def run(self) -> None:
        """Open and close the port as necessary, until cancelled."""
        self.port = None
        async with AsyncExitStack() as stack:
            while True:
                await self._look(stack)
                await asyncio.sleep(LOOK)

    async def _look(self, stack: AsyncExitStack) -> None:
        wanted = self._certificate.named or self._browsers.expected()
        try:
            if wanted:
                await self._renew()
            if wanted and self.port is None:
                await self._open(stack)
            elif not wanted and self.port is not None:
                self.port = None
                await stack.aclose()
                _LOGGER.info("HTTPS: closed, as no browser is logged in")
        except (SatelliteError, OSError) as error:
            text = str(error) if isinstance(error, SatelliteError) else reason_of(error)
            level = logging.DEBUG if text == self._problem else logging.WARNING
            self._problem = text
            _LOGGER.log(
                level, "HTTPS: port %d (%s): %s", self._door.https_port, self._door.https_key, text
            )

    async def _open(self, stack: AsyncExitStack) -> None:
        listeners = listening_sockets("0.0.0.0", self._door.https_port)
        with suppress(OSError):  # a machine without IPv6
            listeners += listening_sockets("::", self._door.https_port, every=True)
        server = HttpServer(
            listeners,
            self._make_runner,
            allowed=self._allowed,
            tls=lambda: self._context,
            per_address=PER_ADDRESS,
        )
        await stack.enter_async_context(server.open())
        self.port = listeners[0].getsockname()[1]
        self._problem = ""
        _LOGGER.info("HTTPS: browsers can use this %s at port %d", self._door.of, self.port)

    async def _renew(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._checked < RENEW and self._context is not None:
            return
        await asyncio.to_thread(self._browsers.correct_times)
        served = await asyncio.to_thread(self._certificate.ensure)
        if served != self._served:
            self._context = await asyncio.to_thread(served.context)
            self._served = served
        self._checked = now
