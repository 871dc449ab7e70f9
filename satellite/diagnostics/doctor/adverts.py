"""The Wyoming services announced on the LAN, with everything that their adverts say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from satellite.net.discovery.mdns import TYPE, multicast
from satellite.net.uri import Tcp

LISTEN = 2.5
"""Seconds to listen: mDNS is answered within 0.12 s (RFC 6762, 6), and asked again after 1 s."""

RESOLVE = 2.0
"""Seconds for a service to say where it is."""

MOST = 64
"""Services looked at; a LAN with more is broken or hostile."""


class HeardAdvert(msgspec.Struct, frozen=True, kw_only=True):
    """One advert."""

    instance: str
    """Its name, without the type."""
    host: str = ""
    """The name of its machine, as in `kitchen.local.`."""
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
        """Where it says it can be reached, in that order."""
        return tuple(str(Tcp(host, self.port)) for host in self.hosts)


async def hear(*, interfaces: Sequence[str] = ()) -> tuple[HeardAdvert, ...]:
    """What is announced, by name. Raises `NoMulticast`."""
    from zeroconf.asyncio import AsyncServiceBrowser

    names: dict[str, None] = {}

    def seen(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if state_change.name == "Removed":
            names.pop(name, None)
        elif len(names) < MOST:
            names[name] = None

    async with multicast(interfaces) as member:
        browser = AsyncServiceBrowser(member.zeroconf, TYPE, handlers=[seen])
        try:
            await asyncio.sleep(LISTEN)
        finally:
            await browser.async_cancel()
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(_resolve(member.zeroconf, name)) for name in sorted(names)]
    return tuple(task.result() for task in asked)


async def _resolve(zeroconf: Any, name: str) -> HeardAdvert:
    from zeroconf.asyncio import AsyncServiceInfo

    instance = name.removesuffix(f".{TYPE}")
    service = AsyncServiceInfo(TYPE, name)
    if not await service.async_request(zeroconf, RESOLVE * 1000):
        return HeardAdvert(instance=instance)
    facts = service.decoded_properties
    return HeardAdvert(
        instance=instance,
        host=service.server or "",
        port=service.port or 0,
        addresses=tuple(service.parsed_scoped_addresses()),
        facts={key: value or "" for key, value in facts.items()},
    )
