"""Listening for those who use the desk. Its library is imported when the first of them comes."""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakSet

from satellite.errors import ConfigError, PortInUse
from satellite.http import token as tokens
from satellite.http.auth import Guard
from satellite.http.controls import Controls
from satellite.net.allowed import Allowed
from satellite.net.refusals import Refusals
from satellite.settings import HttpSettings, Settings

_LOGGER = logging.getLogger(__name__)

MOST = 32
"""Clients at once: a house has fewer panels and scripts."""

FIRST = 10.0
"""Seconds for a client's first request to come whole, its body left out."""

_RETRY = 1.0
"""Seconds until somebody else is let in where the system has no room for more connections."""

_END = 2.0
"""Seconds for clients to take what they were being told when the satellite ends."""


@asynccontextmanager
async def http_server(settings: Settings, controls: Controls) -> AsyncGenerator[str | None, None]:
    """Serve at the address of the settings during this block, and yield it; None without one.

    Where nobody has chosen the port, a second satellite of a machine goes on without one. Raises
    `PortInUse`, and `ConfigError` for an address that is not ours or needs a token.
    """
    wanted = settings.http
    if not wanted.port:
        yield None
        return
    token = await asyncio.to_thread(tokens.read, wanted)
    tokens.check(wanted, token)
    try:
        listener = listening(wanted.host, wanted.port)
    except PortInUse as error:
        if wanted.port != HttpSettings().port:
            raise
        _LOGGER.warning("no HTTP for this satellite: %s", error)
        yield None
        return
    guard, allowed = Guard(token, wanted.origins), Allowed(settings.allow)
    async with served(listener, controls, guard, allowed) as address:
        _LOGGER.info("programs can use this satellite at %s", address)
        yield address


@asynccontextmanager
async def served(
    listener: socket.socket, controls: Controls, guard: Guard, allowed: Allowed
) -> AsyncGenerator[str, None]:
    """Serve at a socket that listens, which is closed at the end; yield the address."""
    host, port = listener.getsockname()[:2]
    serving = _Serving(listener, controls, guard, allowed)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(serving.run(), name="http_server")
        try:
            yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
        finally:
            task.cancel()


class _Serving:
    def __init__(
        self, listener: socket.socket, controls: Controls, guard: Guard, allowed: Allowed
    ) -> None:
        self._listener = listener
        self._controls = controls
        self._guard = guard
        self._allowed = allowed
        self._spoken: WeakSet[Any] = WeakSet()
        self._runner: Any = None
        self._refusals = Refusals("HTTP")

    async def run(self) -> None:
        """Let clients in, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    connection, address = await loop.sock_accept(self._listener)
                except OSError as error:
                    _LOGGER.warning("nobody can be let in: %s", error.strerror)
                    await asyncio.sleep(_RETRY)
                    continue
                try:
                    await self._admit(connection, str(address[0]))
                except OSError as error:  # it has left again
                    _LOGGER.debug("a client left: %s", error)
                    connection.close()
        finally:
            self._listener.close()
            if self._runner is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_END):
                        await self._runner.cleanup()

    async def _admit(self, connection: socket.socket, address: str) -> None:
        loop = asyncio.get_running_loop()
        if address not in self._allowed:
            self._turn_away(connection, "not-allowed", address, "`allow` (--allow) names who may")
            return
        if self._runner is None:
            self._runner = await self._open()
        if len(self._runner.server.connections) >= MOST:
            self._turn_away(connection, "busy", address, f"{MOST} clients are connected already")
            return
        transport, _ = await loop.connect_accepted_socket(self._runner.server, connection)
        loop.call_later(FIRST, self._check, transport)

    def _turn_away(self, connection: socket.socket, code: str, address: str, why: str) -> None:
        now = asyncio.get_running_loop().time()
        self._refusals.tell(now, code, address, f"turned {address} away: {why}")
        connection.close()

    def _check(self, transport: asyncio.Transport) -> None:
        if transport not in self._spoken and not transport.is_closing():
            _LOGGER.debug("dropped a client: it asked nothing for %g s", FIRST)
            transport.abort()

    async def _open(self) -> Any:
        routes = await asyncio.to_thread(importlib.import_module, "satellite.http.routes")
        web = importlib.import_module("aiohttp.web")
        app = routes.application(self._controls, self._guard, self._note)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=30.0, shutdown_timeout=1.0)
        await runner.setup()
        return runner

    def _note(self, request: Any) -> None:
        if request.transport is not None:
            self._spoken.add(request.transport)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `PortInUse` and `ConfigError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(MOST)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} is taken: stop the program that listens there, or choose another "
                "one (http.port)"
            ) from error
        reason = error.strerror or str(error)
        raise ConfigError([f"cannot listen at {host} port {port}: {reason} (http.host)"]) from error
    return listener
