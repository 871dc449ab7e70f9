"""Announcement of services by multicast DNS, under names that never change."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from satellite.net.discovery.addresses import ANY, announced_addresses
from satellite.net.discovery.mdns import (
    LABEL,
    PROCESS_ID,
    REFRESH,
    TYPE,
    follow_networks,
    machine_name,
    multicast,
    own_host,
)
from satellite.net.uri import Tcp
from satellite.values import EngineInfo

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

PORTS = {"asr": 10300, "llm": 10600, "tts": 10200, "wake": 10400, "satellite": 10700}
"""The usual port of each role. The one program of a machine that uses it is announced by the plain
name; any other has its port in its name, so that no name depends on which was started first."""

_LOOPBACK = ("127.", "::1", "localhost")
"""Prefixes of hosts that only this machine can use: they are announced to no other."""
_TEXT = 200
"""Longest TXT value in bytes; with its key it must stay below 255 (RFC 6763, 6.1)."""
_INVALID = re.compile(r"[\x00-\x1f\x7f.]")
"""Characters that zeroconf takes for the end of a name, or refuses in one."""


class Advert(msgspec.Struct, frozen=True, kw_only=True):
    """The announcement of one service."""

    role: str
    bound: Tcp
    """The address on which it listens; a wildcard stands for every address of the machine."""
    name: str = ""
    """Name of its machine; the host name by default."""
    addresses: tuple[str, ...] = ()
    """Addresses to announce instead of those of the interfaces."""
    facts: Callable[[], dict[str, str]] = dict
    """Returns further TXT values; called regularly, as they may change."""

    @property
    def type(self) -> str:
        """The service type under which it is found."""
        return TYPE

    @property
    def instance(self) -> str:
        """The instance name: constant, and different for each role."""
        machine = _INVALID.sub("-", self.name.strip() or machine_name())
        usual = PORTS.get(self.role) == self.bound.port
        suffix = f" {self.role}" if usual else f" {self.role} {self.bound.port}"
        return machine.encode()[: LABEL - len(suffix)].decode(errors="ignore") + suffix

    @property
    def host(self) -> str:
        """The host name under which its addresses are announced."""
        return own_host(self.instance)

    def records(self) -> dict[str, str]:
        """Return all TXT values; empty ones are left out."""
        return {"by": "satellite", "role": self.role, "id": PROCESS_ID, **self.facts()}


def engine_facts(info: EngineInfo, version: str) -> dict[str, str]:
    """Return the TXT values of an engine: enough to choose one without asking each."""
    languages = sorted({language for model in info.models for language in model.languages})
    return {
        "version": version,
        "engine": info.name,
        "model": ",".join(model.name for model in info.models),
        "languages": ",".join(languages),
    }


async def announce(
    adverts: Sequence[Advert],
    *,
    interfaces: Sequence[str] = (),
    on_announced: Callable[[tuple[str, ...]], None] = lambda names: None,
) -> None:
    """Announce services until cancelled, then withdraw them, in bounded time.

    `on_announced` is called once with the instance names of the services. Raises `NoMulticast`.
    """
    if all(advert.bound.host.startswith(_LOOPBACK) for advert in adverts):
        interfaces = interfaces or ("127.0.0.1",)
    async with multicast(interfaces) as member:
        async with asyncio.TaskGroup() as tasks:
            registrations = [tasks.create_task(_register(member, advert)) for advert in adverts]
        services = [registration.result() for registration in registrations]
        on_announced(tuple(service.name.removesuffix(f".{service.type}") for service in services))
        async with asyncio.TaskGroup() as tasks:
            if not interfaces:
                tasks.create_task(follow_networks(member))
            for advert, service in zip(adverts, services, strict=True):
                tasks.create_task(_keep_current(member, advert, service))


async def _register(member: AsyncZeroconf, advert: Advert) -> AsyncServiceInfo:
    """Announce a service, with a number after its name if another machine uses the name."""
    addresses = await asyncio.to_thread(_addresses, advert)
    service = _service(advert, advert.instance, addresses)
    await (await member.async_register_service(service, allow_name_change=True))
    return service


async def _keep_current(member: AsyncZeroconf, advert: Advert, service: AsyncServiceInfo) -> None:
    """Update the announcement whenever the addresses or the TXT values have changed."""
    while True:
        await asyncio.sleep(REFRESH)
        current = await asyncio.to_thread(_addresses, advert)
        moved = bool(current) and set(current) != set(service.parsed_addresses())
        if not moved and _txt_records(advert) == service.decoded_properties:
            continue
        if moved:
            _LOGGER.info("%s is now at %s", service.name, ", ".join(current))
        addresses = current if moved else service.parsed_addresses()
        instance = service.name.removesuffix(f".{advert.type}")
        service = _service(advert, instance, addresses, service.server)
        await (await member.async_update_service(service))


def _txt_records(advert: Advert) -> dict[str, str]:
    return {key: _short(value) for key, value in advert.records().items() if value}


def _service(
    advert: Advert, instance: str, addresses: Sequence[str], server: str | None = None
) -> AsyncServiceInfo:
    from zeroconf.asyncio import AsyncServiceInfo

    return AsyncServiceInfo(
        advert.type,
        f"{instance}.{advert.type}",
        port=advert.bound.port,
        addresses=_packed(addresses),
        properties=_txt_records(advert),
        server=server or advert.host,
    )


def _addresses(advert: Advert) -> tuple[str, ...]:
    host = advert.bound.host
    if advert.addresses or host in ANY:
        return advert.addresses or announced_addresses(host)
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found))


def _packed(addresses: Sequence[str]) -> list[bytes]:
    return [ipaddress.ip_address(text).packed for text in addresses]


def _short(text: str) -> str:
    """Return at most `_TEXT` bytes of a comma-separated list, split between items if possible."""
    while len(text.encode()) > _TEXT:
        head, comma, _ = text.rpartition(",")
        text = head if comma else text.encode()[:_TEXT].decode(errors="ignore")
    return text
