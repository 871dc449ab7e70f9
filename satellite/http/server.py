"""The HTTP door of satellites and servers: plain HTTP for this machine, HTTPS for the LAN.

aiohttp takes 12 MB and 0.13 s of CPU time (a second or two on a Raspberry Pi), so that it is
imported only when a port has a use for it; see `satellite.http.application`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from satellite.errors import PortInUse
from satellite.http import token as tokens
from satellite.http.auth import Guard
from satellite.http.browsers import Browsers
from satellite.http.certificate import HttpsCertificate
from satellite.http.connections import HttpServer, listening_socket
from satellite.http.controls import Controls
from satellite.http.door import Door
from satellite.http.ingress import ingress_server
from satellite.http.lan_door import LanDoor
from satellite.http.live_requests import LiveRequests
from satellite.http.pages import Pages
from satellite.lib.containment import Containment
from satellite.net.allowed import AllowedNetworks
from satellite.net.pairing import Pairing
from satellite.settings import Settings

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

    from satellite.http.route import MakeRoutes, Route

_LOGGER = logging.getLogger(__name__)


@asynccontextmanager
async def http_server(
    settings: Settings, door: Door, routes: Sequence[MakeRoutes], pages: Pages | None = None
) -> AsyncGenerator[str | None, None]:
    """Serve routes and pages at a door during this block, and yield its address on this machine.

    It is None without one. `routes` are called once the first client has come; see the package.
    Where a port is the default one and taken, as by another satellite of this machine, warn and go
    on without it. Raises `PortInUse`, and `ConfigError` for an address that is not ours or needs a
    token, and for an unusable certificate.
    """
    wanted = settings.http
    if not door.port and not door.https_port and not wanted.ingress_port:
        yield None
        return
    token = await asyncio.to_thread(tokens.read, wanted)
    keys = Pairing(settings.pairing).keys
    browsers = Browsers(keys)
    application = Application(
        Guard(token, wanted.origins, browsers=browsers), routes, pages, browsers, door
    )
    allowed = AllowedNetworks(settings.allow)
    lan = LanDoor(
        door,
        HttpsCertificate(keys, settings.name, wanted),
        browsers,
        partial(application.runner, only_https=True),
        allowed,
    )
    servers, listener = [], None
    if door.port:
        tokens.check(wanted, token)
        listener = _listener(wanted.host, door)
    try:
        if door.https_port:
            await lan.check()
        if wanted.ingress_port:
            servers.append(ingress_server(wanted, partial(application.runner, ingress=True)))
    except BaseException:
        if listener is not None:
            listener.close()
        raise
    servers.append(HttpServer([listener] if listener else [], application.runner, allowed=allowed))
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server.open())
        parts = {"the log-in": application.live.watch}
        if door.https_port:
            parts["HTTPS"] = lan.run
        async with _in_background(parts):
            address = address_of(listener) if listener else None
            _log_ways(door, address)
            yield address


def _log_ways(door: Door, address: str | None) -> None:
    if address is not None:
        _LOGGER.info("HTTP: programs can use this %s at %s", door.of, address)
    if door.https_port:
        _LOGGER.info("HTTPS: `satellite page` lets browsers of the LAN use this %s", door.of)


class Application:
    """The routes and pages of a door, of which each of its ports has an application."""

    def __init__(
        self,
        guard: Guard,
        routes: Sequence[MakeRoutes],
        pages: Pages | None = None,
        browsers: Browsers | None = None,
        door: Door | None = None,
    ) -> None:
        """Browsers can log in if `browsers` are given."""
        self.live = LiveRequests()
        self._guard = guard
        self._make_routes = routes
        self._pages = pages or {}
        self._browsers = browsers
        self._https_port = door.https_port if door else 0
        self._routes: list[Route] | None = None
        self._making = threading.Lock()

    def runner(self, *, only_https: bool = False, ingress: bool = False) -> AppRunner:
        """Import aiohttp and return an application; called in a thread."""
        from satellite.http import application, log_in  # see above

        with self._making:
            if self._routes is None:
                self._routes = [route for make in self._make_routes for route in make()]
                if self._browsers is not None:
                    self._routes += log_in.LogIn(self._browsers, self.live).routes()
        return application.guarded_runner(
            self._guard,
            self._routes,
            self._pages,
            live=self.live,
            browsers=self._browsers,
            https=application.Https(self._https_port, only=only_https, ingress=ingress),
        )


@asynccontextmanager
async def guarded_server(
    listener: socket.socket,
    routes: Sequence[MakeRoutes],
    guard: Guard,
    allowed: AllowedNetworks,
    pages: Pages | None = None,
) -> AsyncGenerator[str, None]:
    """Serve routes and pages at a listening socket, without a log-in; yield the address.

    The socket is closed at the end.
    """
    runner = Application(guard, routes, pages).runner
    async with HttpServer([listener], runner, allowed=allowed).open():
        yield address_of(listener)


@asynccontextmanager
async def api_server(
    listener: socket.socket,
    controls: Controls,
    guard: Guard,
    allowed: AllowedNetworks,
    pages: Pages | None = None,
) -> AsyncGenerator[str, None]:
    """Serve the API of a satellite and the pages at a listening socket; yield the address.

    The socket is closed at the end.
    """
    async with guarded_server(
        listener, [partial(make_api_routes, controls)], guard, allowed, pages
    ) as address:
        yield address


def make_api_routes(controls: Controls) -> Sequence[Route]:
    """Return the routes of a satellite's API, whose module imports aiohttp."""
    from satellite.http.routes import api_routes  # see above

    return api_routes(controls)


def address_of(listener: socket.socket) -> str:
    """Return the address of plain HTTP at a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listener(host: str, door: Door) -> socket.socket | None:
    try:
        return listening_socket(host, door.port, door.key)
    except PortInUse as error:
        if door.port != door.usual:
            raise
        _LOGGER.warning("no HTTP for this %s: %s", door.of, error)
        return None


@asynccontextmanager
async def _in_background(
    parts: Mapping[str, Callable[[], Awaitable[None]]],
) -> AsyncGenerator[None, None]:
    """Run parts during this block; one that fails is started again."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(Containment(name).run(part), name=name)
            for name, part in parts.items()
        ]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
