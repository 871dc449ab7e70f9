"""Finding the Wyoming services of the LAN, and keeping what is known of them up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from satellite.errors import WireError
from satellite.events import Event, ServerFound, ServerLost
from satellite.net.describe import describe
from satellite.net.mdns import PROCESS, TYPE, follow, multicast
from satellite.net.server import Server, read_server
from satellite.net.uri import Tcp

_LOGGER = logging.getLogger(__name__)

MOST = 128
"""Services watched; a LAN with more is broken or hostile."""
ADDRESSES = 8
"""Addresses tried of one service."""
RESOLVE = 3.0
"""Seconds for a service to say where it is: mDNS asks again after 1 s, and after 2 s more."""
CONNECT = 1.5
"""Seconds to connect to one address: on a LAN a lost SYN is sent again after 1 s."""
REFRESH = 30.0
"""Seconds between two looks at a service, as often as Home Assistant takes one."""
RETRY = 5.0
"""Seconds until a service that did not answer is looked at again."""
_STEP = 0.02
"""Seconds: servers whose latencies differ by less are alike, and keep the order of their names."""


class Discovery:
    """The servers of the LAN, while `run` runs.

    The machine's own adverts, those of this process, are left out unless `own`.
    """

    def __init__(
        self,
        publish: Callable[[Event], None] = lambda event: None,
        *,
        interfaces: Sequence[str] = (),
        own: bool = False,
    ) -> None:
        self._publish = publish
        self._interfaces = interfaces
        self._own = own
        self._found: dict[str, Server] = {}
        self._watches: dict[str, _Watch] = {}
        self._changed = asyncio.Event()

    def all(self) -> tuple[Server, ...]:
        """Every service that answers, satellites too, by name."""
        return tuple(self._found[name] for name in sorted(self._found))

    def servers(self, role: str, language: str | None = None) -> tuple[Server, ...]:
        """The servers of a role that know the language, quickest first."""
        fit = [server for server in self.all() if role in server.roles and server.speaks(language)]
        return tuple(sorted(fit, key=lambda server: round(server.latency / _STEP)))

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
        """Look for services until cancelled. Raises `NoMulticast`."""
        from zeroconf.asyncio import AsyncServiceBrowser

        async with multicast(self._interfaces) as member, asyncio.TaskGroup() as tasks:

            def seen(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
                self._seen(tasks, member.zeroconf, name, state_change.name)

            browser = AsyncServiceBrowser(member.zeroconf, TYPE, handlers=[seen])
            try:
                await (asyncio.Event().wait() if self._interfaces else follow(member))
            finally:
                await browser.async_cancel()
                self._watches.clear()

    def _seen(self, tasks: asyncio.TaskGroup, zeroconf: Any, name: str, change: str) -> None:
        watch = self._watches.get(name)
        if change == "Removed":
            if watch is not None:
                del self._watches[name]
                watch.task.cancel()
                self._forget(name, "withdrew")
        elif watch is not None:
            watch.poke.set()
        elif len(self._watches) < MOST:
            poke = asyncio.Event()
            task = tasks.create_task(self._watch(zeroconf, name, poke), name=f"watch {name}")
            self._watches[name] = _Watch(task, poke)
        else:
            _LOGGER.debug("%s is ignored: %d services are known", name, MOST)

    async def _watch(self, zeroconf: Any, name: str, poke: asyncio.Event) -> None:
        """Keep up with one service, for as long as it is announced."""
        failures = 0
        while True:
            try:
                server = await self._examine(zeroconf, name)
            except WireError as error:
                failures += 1
                level = logging.WARNING if failures == 1 else logging.DEBUG
                _LOGGER.log(level, "A service is announced but cannot be used: %s", error)
                self._forget(name, "stopped answering")
            except Exception:  # one strange service must not end the watch over the others
                failures += 1
                _LOGGER.exception("Looking at %s failed", name)
                self._forget(name, "cannot be understood")
            else:
                failures = 0
                if server is not None:
                    self._note(name, server)
            poke.clear()
            try:
                async with asyncio.timeout(RETRY if failures else REFRESH):
                    await poke.wait()
            except TimeoutError:
                pass

    async def _examine(self, zeroconf: Any, name: str) -> Server | None:
        """Ask a service what it is, at whichever of its addresses answers first.

        None for one of this process. Raises `WireError` when none answers.
        """
        from zeroconf.asyncio import AsyncServiceInfo

        instance = name.removesuffix(f".{TYPE}")
        service = AsyncServiceInfo(TYPE, name)
        if not await service.async_request(zeroconf, RESOLVE * 1000) or service.port is None:
            raise WireError(f"{instance} does not say where it is")
        if not self._own and (service.properties or {}).get(b"id") == PROCESS.encode():
            return None
        problem: WireError = WireError(f"{instance} has no address")
        for uri in _uris(service):
            began = asyncio.get_running_loop().time()
            try:
                event = await describe(uri, CONNECT)
                took = asyncio.get_running_loop().time() - began
                return read_server(instance, uri, event, took)
            except WireError as error:
                problem = error
        raise type(problem)(f"{instance}: {problem}")

    def _note(self, name: str, server: Server) -> None:
        before = self._found.get(name)
        self._found[name] = server
        self._changed.set()
        if before is not None and (before.uri, before.roles) == (server.uri, server.roles):
            return
        self._lose(before)
        _LOGGER.info("Found %s at %s: %s", server.name, server.uri, ", ".join(server.roles) or "-")
        for role in server.roles:
            self._publish(ServerFound(role=role, uri=server.uri))

    def _forget(self, name: str, why: str) -> None:
        if (server := self._found.pop(name, None)) is not None:
            _LOGGER.info("%s at %s %s", server.name, server.uri, why)
            self._lose(server)

    def _lose(self, server: Server | None) -> None:
        for role in server.roles if server is not None else ():
            self._publish(ServerLost(role=role, uri=server.uri if server else ""))


class _Watch(msgspec.Struct, frozen=True):
    task: asyncio.Task[None]
    poke: asyncio.Event


async def scan(seconds: float, *, interfaces: Sequence[str] = ()) -> tuple[Server, ...]:
    """What is on the LAN: every service that answers within `seconds`. Raises `NoMulticast`."""
    discovery = Discovery(interfaces=interfaces, own=True)
    try:
        async with asyncio.timeout(seconds):
            await discovery.run()
    except TimeoutError:
        pass
    return discovery.all()


def _uris(service: Any) -> Iterator[str]:
    """Where to try a service: IPv4 first, which works behind more home routers."""
    addresses = sorted(service.parsed_scoped_addresses(), key=lambda text: ":" in text)
    return (str(Tcp(address, service.port)) for address in addresses[:ADDRESSES])
