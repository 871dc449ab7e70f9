"""The Home Assistants on the LAN."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from satellite.errors import ConfigError
from satellite.homeassistant.client import address
from satellite.net.discovery.services import AdvertisedService, browse

HOME_TYPE = "_home-assistant._tcp.local."
"""The type of Home Assistant's advert (its integration `zeroconf`)."""

LISTEN = 3.0
"""Seconds to listen: mDNS is answered within 0.12 s (RFC 6762, 6), and asked again after one; a
Home Assistant that has just started may need the second question."""

_CONNECT = 2.0
"""Seconds to connect to an address, the resolution of its name included; a LAN needs 0.1."""

_PORTS = {"http": 80, "https": 443}

_MOST = 8
"""Home Assistants offered; a LAN with more is a school."""


class FoundHome(msgspec.Struct, frozen=True):
    """A Home Assistant on the LAN."""

    name: str
    url: str
    version: str


async def find_homes(seconds: float = LISTEN) -> tuple[FoundHome, ...]:
    """Return the Home Assistants that announce themselves, by name. Raises `NoMulticast`.

    Of the addresses in an advert the first is taken that can be connected to from here: a home may
    announce a name that only other machines resolve.
    """
    services = await browse(HOME_TYPE, seconds)
    async with asyncio.TaskGroup() as tasks:
        reading = [tasks.create_task(_read(service)) for service in services[:_MOST]]
    return tuple(home for task in reading if (home := task.result()) is not None)


async def _read(service: AdvertisedService) -> FoundHome | None:
    urls = list(dict.fromkeys(_urls(service)))
    if not urls:
        return None
    url = urls[0]
    for candidate in urls:
        if await _connects(candidate):
            url = candidate
            break
    name = _printable(service.facts.get("location_name") or service.instance)
    return FoundHome(name, url, _printable(service.facts.get("version", "")))


def _urls(service: AdvertisedService) -> Iterator[str]:
    """Yield the addresses of an advert, the home's own choice first; malformed ones left out."""
    urls = [service.facts.get("internal_url", ""), service.facts.get("base_url", "")]
    urls += [f"http://{host}:{service.port}" for host in service.addresses if ":" not in host]
    for url in filter(None, urls):
        with suppress(ConfigError):
            yield address.parse(url)


async def _connects(url: str) -> bool:
    """Return whether something listens at an address."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_CONNECT):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or _PORTS[parts.scheme]
            )
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _printable(text: str) -> str:
    """Return a text of a stranger, fit for display."""
    return "".join(letter for letter in text if letter.isprintable())[:64]
