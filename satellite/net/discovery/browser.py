"""Discovery of the Wyoming services of the LAN, and an up-to-date list of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from satellite.events import Event, ServerFound, ServerLost
from satellite.net import uri as uris
from satellite.net.discovery.location import AdvertisedLocation, Location, NamedLocation
from satellite.net.discovery.mdns import TYPE, NoMulticast, follow_networks, multicast
from satellite.net.discovery.monitor import IDLE, SPREAD, Monitor
from satellite.net.discovery.names import follow
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.discovery.turns import MOST_WAITING, PER_TURN, TURN, next_to_leave
from satellite.net.pairing import Pairing
from satellite.net.refusals import Refusals

_LOGGER = logging.getLogger(__name__)

MOST = 128
"""Services monitored at once; a LAN with more is broken or hostile. The others wait for their turn
(see `turns`)."""
EARLY = 2.0
"""Seconds from the start during which a service is checked as soon as it is found. Later all
satellites learn of it at the same moment, so that checks are spread."""


class Discovery:
    """The services of the LAN, while `run` runs.

    Services of this process are left out unless `own`. Services that the user named by their URI
    are monitored whether they are announced or not; without `announced`, only those are.
    """

    def __init__(
        self,
        publish: Callable[[Event], None] = lambda event: None,
        *,
        pairing: Pairing,
        interfaces: Sequence[str] = (),
        own: bool = False,
        preferences: Preferences | None = None,
        announced: bool = True,
        addresses: Sequence[str] = (),
    ) -> None:
        """`addresses` are URIs of further services, monitored like those that the user named."""
        self.preferences = preferences or Preferences()
        self.pairing = pairing
        self._publish = publish
        self._interfaces = interfaces
        self._own = own
        self._announced = announced
        self._addresses = tuple(dict.fromkeys((*self.preferences.addresses, *addresses)))
        self._monitors: dict[str, tuple[Monitor, asyncio.Task[None]]] = {}
        self._waiting: dict[str, Any] = {}
        """Names of announced services that wait for their turn, and where to resolve them."""
        self._refusals = Refusals("discovery")
        self._used: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._losses: dict[str, list[Callable[[], None]]] = {}
        """Functions to call when a server stops answering, by its URI."""

    def services(self) -> tuple[RemoteService, ...]:
        """Return every service that answers, satellites included, by name."""
        found: dict[str, RemoteService] = {}
        for monitor, _ in self._monitors.values():
            if (server := monitor.server) is not None and (
                server.uri not in found or server.load is not None
            ):
                found[server.uri] = msgspec.structs.replace(server, suspect=monitor.suspect)
        return tuple(sorted(found.values(), key=lambda server: (server.name, server.uri)))

    def servers(self, role: str, language: str | None = None) -> tuple[RemoteService, ...]:
        """Return the servers of a role that support the language and are not excluded, by name."""
        return tuple(
            server
            for server in self.services()
            if role in server.roles
            and server.speaks(language)
            and not self.preferences.excludes(server)
        )

    def mark_used(self, uri: str) -> None:
        """Note that a server is used: it is checked more often for a while."""
        if uri not in self._used:
            for monitor in self._of(uri):
                monitor.check_within(0.0)  # it waits for as long as unused ones otherwise
        now = asyncio.get_running_loop().time()
        self._used = {known: at for known, at in self._used.items() if now - at < IDLE}
        self._used[uri] = now

    def mark_suspect(self, uri: str) -> None:
        """Note that a server failed: all services of its machine are checked now."""
        host = _host(uri)
        for monitor, _ in self._monitors.values():
            name = monitor.location.name if monitor.server is None else monitor.server.uri
            if "://" in name and _host(name) == host:
                monitor.suspect_now()

    @contextmanager
    def when_lost(self, uri: str, call: Callable[[], None]) -> Iterator[None]:
        """Call a function if a server stops answering during this block."""
        calls = self._losses.setdefault(uri, [])
        calls.append(call)
        try:
            yield
        finally:
            calls.remove(call)
            if not calls:
                self._losses.pop(uri, None)

    async def wait_for(self, roles: Sequence[str], seconds: float) -> bool:
        """Wait up to `seconds` for a server of every role; return whether there is one."""
        try:
            async with asyncio.timeout(seconds):
                while not all(self.servers(role) for role in roles):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Find and monitor services until cancelled.

        Raises `NoMulticast` if there is nothing to monitor without multicast.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for uri in self._addresses:
                    self._monitor(tasks, uri, NamedLocation(uri))
                for name in self.preferences.names:
                    found = partial(self._take_named, tasks, name)
                    tasks.create_task(follow(name, found), name=f"discovery: {name}")
                if self._announced:
                    tasks.create_task(self._browse(tasks), name="discovery")
        except* NoMulticast as problems:
            raise problems.exceptions[0] from None

    async def _browse(self, tasks: asyncio.TaskGroup) -> None:
        from zeroconf.asyncio import AsyncServiceBrowser

        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with multicast(self._interfaces) as member:

                def seen(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
                    wait = SPREAD if loop.time() - began > EARLY else 0.0
                    self._seen(tasks, member.zeroconf, name, state_change.name, wait)

                browser = AsyncServiceBrowser(member.zeroconf, TYPE, handlers=[seen])
                turns = tasks.create_task(self._take_turns(tasks), name="discovery: turns")
                try:
                    await (asyncio.Event().wait() if self._interfaces else follow_networks(member))
                finally:
                    turns.cancel()
                    await browser.async_cancel()
        except NoMulticast as error:
            if not self._monitors and not self.preferences.names:
                raise
            _LOGGER.warning("using only the servers named in the configuration: %s", error)

    def _seen(
        self, tasks: asyncio.TaskGroup, zeroconf: Any, name: str, change: str, wait: float
    ) -> None:
        known = self._monitors.get(name)
        if change == "Removed":
            self._waiting.pop(name, None)
            if known is not None:
                self._drop(name, "withdrew")
        elif known is not None:
            known[0].check_within(wait)
        elif name in self._waiting:
            pass
        elif len(self._monitors) < MOST or self._make_room(answering=False):
            self._monitor(tasks, name, AdvertisedLocation(zeroconf, name, self.pairing), wait)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[name] = zeroconf
        else:
            _LOGGER.debug("ignoring %s: %d services are announced", name, MOST + MOST_WAITING)

    def _take_named(self, tasks: asyncio.TaskGroup, name: str, uris: tuple[str, ...]) -> None:
        """Monitor the servers behind a name of DNS, and no longer those that have left it."""
        wanted = {f"{name} {uri}": uri for uri in uris}
        known = [key for key in self._monitors if key.startswith(f"{name} ")]
        for key in known:
            if key not in wanted:
                self._drop(key, f"has left {name}")
        for key, uri in wanted.items():
            if key not in known:
                self._monitor(tasks, key, NamedLocation(uri))

    async def _take_turns(self, tasks: asyncio.TaskGroup) -> None:
        """Let the services that wait take the places of others, until cancelled."""
        while True:
            await asyncio.sleep(TURN)
            for name in list(self._waiting)[:PER_TURN]:
                if len(self._monitors) >= MOST and not self._make_room(answering=True):
                    break
                zeroconf = self._waiting.pop(name)
                location = AdvertisedLocation(zeroconf, name, self.pairing)
                self._monitor(tasks, name, location)

    def _make_room(self, *, answering: bool) -> bool:
        """Let a monitored service wait for its next turn; return whether there was one."""
        monitors = ((key, monitor) for key, (monitor, _) in self._monitors.items())
        key = next_to_leave(monitors, self._protected, answering=answering)
        if key is None:
            return False
        location = self._monitors[key][0].location
        self._drop(key, "makes room for others")
        if isinstance(location, AdvertisedLocation) and len(self._waiting) < MOST_WAITING:
            self._waiting[key] = location.zeroconf
        self._refusals.log(
            asyncio.get_running_loop().time(),
            "crowd",
            "",
            f"more than {MOST} services are announced on the LAN: they are checked by turns, and "
            "only those that are used, paired or pinned always; name yours by servers.pin",
        )
        return True

    def _protected(self, monitor: Monitor) -> bool:
        """Return whether a service never has to make room: it is used, paired or pinned."""
        if isinstance(monitor.location, NamedLocation):
            return True
        if (server := monitor.last) is None:
            return False
        pinned = self.preferences.pinned(server) < len(self.preferences.pin)
        return pinned or server.uri.startswith("tls://") or self._in_use(server.uri)

    def _drop(self, key: str, reason: str) -> None:
        monitor, task = self._monitors.pop(key)
        task.cancel()
        if monitor.server is not None:
            self._lose(monitor.server, reason)

    def _monitor(
        self, tasks: asyncio.TaskGroup, key: str, location: Location, wait: float = 0.0
    ) -> None:
        monitor = Monitor(
            location,
            self._update,
            self._lost,
            self._in_use,
            self.pairing,
            self._own,
            self._refusals,
        )
        task = tasks.create_task(monitor.run(wait), name=f"monitor {key}")
        self._monitors[key] = (monitor, task)

    def _update(self, before: RemoteService | None, server: RemoteService) -> None:
        self._changed.set()
        if before is not None and (before.uri, before.roles) == (server.uri, server.roles):
            return
        if before is not None:
            self._lose(before, "has moved")
        roles = [*server.roles, *["satellite"] * server.satellite]
        _LOGGER.info("found %s at %s: %s", server.name, server.uri, ", ".join(roles) or "no role")
        for role in server.roles:
            self._publish(ServerFound(role=role, uri=server.uri))

    def _lost(self, server: RemoteService) -> None:
        self._lose(server, "stopped answering")
        for call in tuple(self._losses.get(server.uri, ())):
            call()

    def _lose(self, server: RemoteService, reason: str) -> None:
        _LOGGER.info("%s at %s %s", server.name, server.uri, reason)
        for role in server.roles:
            self._publish(ServerLost(role=role, uri=server.uri))

    def _in_use(self, uri: str) -> bool:
        return asyncio.get_running_loop().time() - self._used.get(uri, -IDLE) < IDLE

    def _of(self, uri: str) -> list[Monitor]:
        return [
            monitor
            for monitor, _ in self._monitors.values()
            if uri in (monitor.location.name, monitor.server and monitor.server.uri)
        ]


def _host(uri: str) -> str:
    return str(getattr(uris.parse(uri), "host", uri))


async def scan(
    seconds: float,
    *,
    pairing: Pairing,
    interfaces: Sequence[str] = (),
    preferences: Preferences | None = None,
) -> tuple[RemoteService, ...]:
    """Return every service of the LAN that answers within `seconds`. Raises `NoMulticast`."""
    discovery = Discovery(pairing=pairing, interfaces=interfaces, own=True, preferences=preferences)
    try:
        async with asyncio.timeout(seconds):
            await discovery.run()
    except TimeoutError:
        pass
    return discovery.services()
