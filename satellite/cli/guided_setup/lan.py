"""The Home Assistants on the LAN."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from satellite.errors import ConfigError
from satellite.homeassistant.client import address
from satellite.net.discovery.services import AdvertisedService, browse

HOME_TYPE = "_home-assistant._tcp.local."
"""The type of Home Assistant's advert (its integration `zeroconf`)."""

LISTEN = 2.0
"""Seconds to listen: mDNS is answered within 0.12 s (RFC 6762, 6), and asked again after one."""

_MOST = 8
"""Home Assistants offered; a LAN with more is a school."""


class FoundHome(msgspec.Struct, frozen=True):
    """A Home Assistant on the LAN."""

    name: str
    url: str
    version: str


async def find_homes(seconds: float = LISTEN) -> tuple[FoundHome, ...]:
    """Return the Home Assistants that announce themselves, by name. Raises `NoMulticast`."""
    services = await browse(HOME_TYPE, seconds)
    return tuple(home for service in services[:_MOST] if (home := _read(service)) is not None)


def _read(service: AdvertisedService) -> FoundHome | None:
    facts = service.facts
    urls = [facts.get("internal_url", ""), facts.get("base_url", "")]
    urls += [f"http://{host}:{service.port}" for host in service.addresses if ":" not in host]
    for url in filter(None, urls):
        with suppress(ConfigError):
            name = _printable(facts.get("location_name") or service.instance)
            return FoundHome(name, address.parse(url), _printable(facts.get("version", "")))
    return None


def _printable(text: str) -> str:
    """Return a text of a stranger, fit for display."""
    return "".join(letter for letter in text if letter.isprintable())[:64]
