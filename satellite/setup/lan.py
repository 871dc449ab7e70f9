"""What is on the LAN: servers, Home Assistants, machines to be paired with."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec

from satellite.net.discovery.mdns import multicast

HOME_TYPE = "_home-assistant._tcp.local."
"""How Home Assistant announces itself (its integration `zeroconf`)."""

LOOK = 2.0
"""Seconds to look: mDNS is answered within 0.12 s (RFC 6762, 6), and asked again after one."""

_RESOLVE = 1.5
"""Seconds for one to say where it is."""

_MOST = 8
"""Home Assistants looked at; a LAN with more is a school."""


class FoundHome(msgspec.Struct, frozen=True):
    """A Home Assistant that announces itself."""

    name: str
    url: str
    version: str


async def homes(seconds: float = LOOK) -> tuple[FoundHome, ...]:
    """The Home Assistants of the LAN, by name. Raises `NoMulticast`."""
    from zeroconf.asyncio import AsyncServiceBrowser

    names: dict[str, None] = {}

    def seen(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        if len(names) < _MOST:
            names[name] = None

    async with multicast() as member:
        browser = AsyncServiceBrowser(member.zeroconf, HOME_TYPE, handlers=[seen])
        try:
            await asyncio.sleep(seconds)
        finally:
            await browser.async_cancel()
        found = [await _resolve(member.zeroconf, name) for name in sorted(names)]
    return tuple(home for home in found if home is not None)


async def _resolve(zeroconf: Any, name: str) -> FoundHome | None:
    from zeroconf.asyncio import AsyncServiceInfo

    from satellite.errors import ConfigError
    from satellite.homeassistant.client import address

    service = AsyncServiceInfo(HOME_TYPE, name)
    if not await service.async_request(zeroconf, _RESOLVE * 1000):
        return None
    facts = {key: value or "" for key, value in service.decoded_properties.items()}
    hosts = [host for host in service.parsed_scoped_addresses() if ":" not in host]
    told = [facts.get("internal_url", ""), facts.get("base_url", "")]
    told += [f"http://{host}:{service.port}" for host in hosts]
    for url in filter(None, told):
        with suppress(ConfigError):
            label = facts.get("location_name") or name.removesuffix(f".{HOME_TYPE}")
            return FoundHome(_line(label), address.parse(url), _line(facts.get("version", "")))
    return None


def _line(text: str) -> str:
    """What a stranger calls itself, fit to be shown."""
    return "".join(letter for letter in text if letter.isprintable())[:64]
