"""Where a service is: announced by multicast DNS, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from satellite.errors import WireError
from satellite.net.discovery.mdns import PROCESS_ID, TYPE
from satellite.net.pairing import Pairing, policy
from satellite.net.uri import Tcp

RESOLVE = 3.0
"""Seconds for a service to say where it is: mDNS asks again after 1 s, and after 2 s more."""
ADDRESSES = 8
"""Addresses tried of one service."""
LOAD = "load"
"""Key of the TXT value that tells a server's load, 0 to 1."""


class Where(msgspec.Struct, frozen=True):
    """What is said of a service without asking it."""

    uris: tuple[str, ...]
    """Where to try it, the likeliest first."""
    facts: Mapping[str, str] = {}
    """What else its advert tells, its load left out."""
    load: float | None = None
    own: bool = False
    """It is of this process."""


class Location(Protocol):
    """A place that a service may be found at."""

    name: str

    async def where(self) -> Where:
        """Say where it is now. Raises `WireError` when nobody knows, or it is not whom we know."""

    def forget(self) -> None:
        """What was said last is wrong: have it asked anew."""


class NamedLocation:
    """A service at an address that the user named."""

    def __init__(self, uri: str) -> None:
        self.name = uri
        self._where = Where((uri,))

    async def where(self) -> Where:
        return self._where

    def forget(self) -> None:
        """It is what the user said."""


class AdvertisedLocation:
    """A service that is announced by multicast DNS."""

    def __init__(self, zeroconf: Any, name: str, pairing: Pairing) -> None:
        self.name = name.removesuffix(f".{TYPE}")
        self._zeroconf = zeroconf
        self._pairing = pairing
        self._full_name = name

    async def where(self) -> Where:
        from zeroconf.asyncio import AsyncServiceInfo

        service = AsyncServiceInfo(TYPE, self._full_name)
        if not await service.async_request(self._zeroconf, RESOLVE * 1000) or service.port is None:
            raise WireError(f"{self.name} does not say where it is")
        # IPv4 first, which works behind more home routers
        addresses = sorted(service.parsed_scoped_addresses(), key=lambda text: ":" in text)
        facts = {key: value or "" for key, value in service.decoded_properties.items()}
        load = _share(facts.pop(LOAD, ""))
        hosts = addresses[:ADDRESSES]
        plain = tuple(str(Tcp(host, service.port)) for host in hosts)
        return Where(
            uris=policy.places(self._pairing, self.name, facts, hosts, plain),
            facts=facts,
            load=load,
            own=facts.get("id") == PROCESS_ID,
        )

    def forget(self) -> None:
        cache = self._zeroconf.cache
        place = [
            record
            for record in cache.async_entries_with_name(self._full_name)
            if hasattr(record, "server")
        ]
        hosts = {record.server for record in place}
        cache.async_remove_records(
            [*place, *(r for host in hosts for r in cache.async_entries_with_name(host))]
        )


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None
