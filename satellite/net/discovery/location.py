"""The location of a service: announced by multicast DNS, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from satellite.errors import BadFrame, WireError
from satellite.net.discovery.mdns import PROCESS_ID, TYPE
from satellite.net.pairing import Pairing, policy
from satellite.net.uri import Tcp

RESOLVE = 3.0
"""Seconds to resolve a service: mDNS repeats its query after 1 s, and after 2 s more."""
ADDRESSES = 8
"""Addresses tried per service."""
LOAD = "load"
"""Key of the TXT value with a server's load, 0 to 1."""


class ServiceLocation(msgspec.Struct, frozen=True):
    """The announced location and properties of a service."""

    uris: tuple[str, ...]
    """URIs to try, the likeliest first."""
    facts: Mapping[str, str] = {}
    """Its other TXT values, without the load."""
    load: float | None = None
    own: bool = False
    """Whether it belongs to this process."""
    name: str = ""
    """Its name, if another than that of its advert."""
    satellite: bool = False
    """Whether it announces itself as a satellite, and so must not be used as a server."""


class Location(Protocol):
    """A source of the location of one service."""

    name: str

    async def resolve(self) -> ServiceLocation:
        """Return its current location. Raises `WireError` if it is unknown, or not trusted."""

    def invalidate(self) -> None:
        """Discard the last location, so that the next `resolve` queries again."""


class NamedLocation:
    """A service at an address that the user named."""

    def __init__(self, uri: str) -> None:
        self.name = uri
        self._location = ServiceLocation((uri,))

    async def resolve(self) -> ServiceLocation:
        return self._location

    def invalidate(self) -> None:
        """Do nothing: the address was named by the user."""


class AdvertisedLocation:
    """A service that is announced by multicast DNS."""

    def __init__(self, zeroconf: Any, name: str, pairing: Pairing) -> None:
        self.name = name.removesuffix(f".{TYPE}")
        self.zeroconf = zeroconf
        self._pairing = pairing
        self._full_name = name

    async def resolve(self) -> ServiceLocation:
        from zeroconf import Error
        from zeroconf.asyncio import AsyncServiceInfo

        try:
            service = AsyncServiceInfo(TYPE, self._full_name)
        except Error as error:  # a name that breaks the rules of RFC 6763
            raise BadFrame(f"{self.name} is no valid name of a service") from error
        if not await service.async_request(self.zeroconf, RESOLVE * 1000) or service.port is None:
            raise WireError(f"{self.name} does not announce its address")
        # IPv4 first: it works behind more home routers
        addresses = sorted(service.parsed_scoped_addresses(), key=lambda text: ":" in text)
        facts = {key: value or "" for key, value in service.decoded_properties.items()}
        load = _share(facts.pop(LOAD, ""))
        hosts = addresses[:ADDRESSES]
        plain = tuple(str(Tcp(host, service.port)) for host in hosts)
        return ServiceLocation(
            uris=policy.reachable_uris(self._pairing, self.name, facts, hosts, plain),
            facts=facts,
            load=load,
            own=facts.get("id") == PROCESS_ID,
            name=policy.true_name(self._pairing, self.name, facts),
            satellite=facts.get("role") == policy.SATELLITE,
        )

    def invalidate(self) -> None:
        cache = self.zeroconf.cache
        records = [
            record
            for record in cache.async_entries_with_name(self._full_name)
            if hasattr(record, "server")
        ]
        hosts = {record.server for record in records}
        cache.async_remove_records(
            [*records, *(r for host in hosts for r in cache.async_entries_with_name(host))]
        )


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0.0 <= share <= 1.0 else None
