"""Finding the Wyoming services of the LAN, and keeping what is known of them up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from satellite.events import Event, ServerFound, ServerLost
from satellite.net import uri as uris
from satellite.net.discovery.location import AdvertisedLocation, Location, NamedLocation
from satellite.net.discovery.mdns import TYPE, NoMulticast, follow_networks, multicast
from satellite.net.discovery.monitor import IDLE, SPREAD, Monitor
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing

_LOGGER = logging.getLogger(__name__)

MOST = 128
"""Services watched; a LAN with more is broken or hostile."""
EARLY = 2.0
"""Seconds from the start during which a service is looked at as soon as it is heard of: later all
satellites hear of it in one moment, and this one waits for its turn."""


class Discovery:
    """The servers of the LAN, while `run` runs.

    The machine's own adverts, those of this process, are left out unless `own`; those that the user
    named by their address are watched whether they are announced or not, and without `announced`
    they alone.
    """

    def __init__(
        self,
        publish: Callable[[Event], None] = lambda event: None,
        *,
        pairing: Pairing,
        interfaces: Sequence[str] = (),
        own: bool = False,
        wishes: Preferences | None = None,
        announced: bool = True,
    ) -> None:
        self.wishes = wishes or Preferences()
        self.pairing = pairing
        self._publish = publish
        self._interfaces = interfaces
        self._own = own
        self._announced = announced
        self._watches: dict[str, tuple[Monitor, asyncio.Task[None]]] = {}
        self._used: dict[str, float] = {}
        self._changed = asyncio.Event()

    def all(self) -> tuple[RemoteService, ...]:
        """Every service that answers, satellites too, by name."""
        found: dict[str, RemoteService] = {}
        for watch, _ in self._watches.values():
            if (server := watch.server) is not None and (
                server.uri not in found or server.load is not None
            ):
                found[server.uri] = msgspec.structs.replace(server, suspect=watch.suspect)
        return tuple(sorted(found.values(), key=lambda server: (server.name, server.uri)))

    def servers(self, role: str, language: str | None = None) -> tuple[RemoteService, ...]:
        """The servers of a role that know the language and are not excluded, by name."""
        return tuple(
            server
            for server in self.all()
            if role in server.roles and server.speaks(language) and not self.wishes.excludes(server)
        )

    def use(self, uri: str) -> None:
        """A server is asked: it is looked at more often for a while."""
        if uri not in self._used:
            for watch in self._of(uri):
                watch.tell()  # lest it sleeps on for as long as those that nobody needs
        now = asyncio.get_running_loop().time()
        self._used = {known: at for known, at in self._used.items() if now - at < IDLE}
        self._used[uri] = now

    def doubt(self, uri: str) -> None:
        """A server did not answer: all of its machine is looked at now, and until it is well."""
        host = _host(uri)
        for watch, _ in self._watches.values():
            where = watch.location.name if watch.server is None else watch.server.uri
            if "://" in where and _host(where) == host:
                watch.doubt()

    async def settle(self, roles: Sequence[str], seconds: float) -> bool:
        """Wait until there is a server of every role, at most so long; say whether there is."""
        try:
            async with asyncio.timeout(seconds):
                while not all(self.servers(role) for role in roles):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Look for services until cancelled.

        Raises `NoMulticast` where there is nothing to be watched without it.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for uri in self.wishes.addresses:
                    self._watch(tasks, uri, NamedLocation(uri))
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
                try:
                    await (asyncio.Event().wait() if self._interfaces else follow_networks(member))
                finally:
                    await browser.async_cancel()
        except NoMulticast as error:
            if not self._watches:
                raise
            _LOGGER.warning("only the servers that were named are used: %s", error)

    def _seen(
        self, tasks: asyncio.TaskGroup, zeroconf: Any, name: str, change: str, wait: float
    ) -> None:
        known = self._watches.get(name)
        if change == "Removed":
            if known is not None:
                watch, task = self._watches.pop(name)
                task.cancel()
                if watch.server is not None:
                    self._lose(watch.server, "withdrew")
        elif known is not None:
            known[0].tell(wait)
        else:
            self._watch(tasks, name, AdvertisedLocation(zeroconf, name, self.pairing), wait)

    def _watch(
        self, tasks: asyncio.TaskGroup, key: str, location: Location, wait: float = 0.0
    ) -> None:
        if len(self._watches) >= MOST:
            _LOGGER.debug("%s is ignored: %d services are known", key, MOST)
            return
        watch = Monitor(location, self._noted, self._lost, self._in_use, self.pairing, self._own)
        task = tasks.create_task(watch.run(wait), name=f"watch {key}")
        self._watches[key] = (watch, task)

    def _noted(self, before: RemoteService | None, server: RemoteService) -> None:
        self._changed.set()
        if before is not None and (before.uri, before.roles) == (server.uri, server.roles):
            return
        if before is not None:
            self._lose(before, "has moved")
        _LOGGER.info("found %s at %s: %s", server.name, server.uri, ", ".join(server.roles) or "-")
        for role in server.roles:
            self._publish(ServerFound(role=role, uri=server.uri))

    def _lost(self, server: RemoteService) -> None:
        self._lose(server, "stopped answering")

    def _lose(self, server: RemoteService, why: str) -> None:
        _LOGGER.info("%s at %s %s", server.name, server.uri, why)
        for role in server.roles:
            self._publish(ServerLost(role=role, uri=server.uri))

    def _in_use(self, uri: str) -> bool:
        return asyncio.get_running_loop().time() - self._used.get(uri, -IDLE) < IDLE

    def _of(self, uri: str) -> list[Monitor]:
        return [
            watch
            for watch, _ in self._watches.values()
            if uri in (watch.location.name, watch.server and watch.server.uri)
        ]


def _host(uri: str) -> str:
    return str(getattr(uris.parse(uri), "host", uri))


async def scan(
    seconds: float,
    *,
    pairing: Pairing,
    interfaces: Sequence[str] = (),
    wishes: Preferences | None = None,
) -> tuple[RemoteService, ...]:
    """What is on the LAN: every service that answers within `seconds`. Raises `NoMulticast`."""
    discovery = Discovery(pairing=pairing, interfaces=interfaces, own=True, wishes=wishes)
    try:
        async with asyncio.timeout(seconds):
            await discovery.run()
    except TimeoutError:
        pass
    return discovery.all()
