"""Services of any type on the LAN, found by multicast DNS."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from satellite.net.discovery.mdns import multicast
from satellite.net.uri import Tcp

RESOLVE = 2.0
"""Seconds to resolve a service: mDNS repeats its query after 1 s."""

MOST = 64
"""Services returned; a LAN with more is broken or hostile."""

RESOLVED = 256
"""Services whose addresses are asked for, of which addresses get their turns: one machine that
announces a hundred hides no other."""


class AdvertisedService(msgspec.Struct, frozen=True, kw_only=True):
    """A service as its advert describes it."""

    instance: str
    """Its name, without the type."""
    port: int = 0
    addresses: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    """Its TXT record."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its addresses, IPv4 first."""
        return tuple(sorted(self.addresses, key=lambda address: ":" in address))

    @property
    def uris(self) -> tuple[str, ...]:
        """The TCP addresses of its advert, in that order."""
        return tuple(str(Tcp(host, self.port)) for host in self.hosts)


async def browse(
    kind: str, seconds: float, *, interfaces: Sequence[str] = ()
) -> tuple[AdvertisedService, ...]:
    """Listen for adverts of a type such as `_wyoming._tcp.local.`; return the services by name.

    Returns at most `MOST`, of each address as many as of the others.

    A service that does not answer with its address has neither port nor addresses. Raises
    `NoMulticast`.
    """
    from zeroconf.asyncio import AsyncServiceBrowser

    names: dict[str, None] = {}

    def note(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if state_change.name == "Removed":
            names.pop(name, None)
        elif len(names) < RESOLVED:
            names[name] = None

    async with multicast(interfaces) as member:
        browser = AsyncServiceBrowser(member.zeroconf, kind, handlers=[note])
        try:
            await asyncio.sleep(seconds)
        finally:
            await browser.async_cancel()
        async with asyncio.TaskGroup() as tasks:
            resolving = [
                tasks.create_task(_resolve(member.zeroconf, kind, name)) for name in sorted(names)
            ]
    return by_turns([task.result() for task in resolving], MOST)


def by_turns(services: Sequence[AdvertisedService], most: int) -> tuple[AdvertisedService, ...]:
    """Return at most `most` services, from each address in turn, in the order that they have."""
    turns: Counter[str] = Counter()

    def turn(service: AdvertisedService) -> int:
        host = service.hosts[0] if service.hosts else ""
        turns[host] += 1
        return turns[host]

    chosen = sorted(services, key=turn)[:most]
    return tuple(service for service in services if service in chosen)


async def _resolve(zeroconf: Any, kind: str, name: str) -> AdvertisedService:
    from zeroconf import Error
    from zeroconf.asyncio import AsyncServiceInfo

    instance = name.removesuffix(f".{kind}")
    try:
        info = AsyncServiceInfo(kind, name)
    except Error:  # a name that breaks the rules of RFC 6763
        return AdvertisedService(instance=instance)
    if not await info.async_request(zeroconf, RESOLVE * 1000):
        return AdvertisedService(instance=instance)
    return AdvertisedService(
        instance=instance,
        port=info.port or 0,
        addresses=tuple(info.parsed_scoped_addresses()),
        facts={key: value or "" for key, value in info.decoded_properties.items()},
    )
