"""Discovery of machines that show a pairing code."""

from __future__ import annotations

import asyncio
import socket

from satellite.errors import PeerUnreachable
from satellite.net.discovery.addresses import announced_addresses
from satellite.net.discovery.mdns import LABEL, multicast, own_host
from satellite.net.discovery.services import browse
from satellite.net.pairing.exchange import printable
from satellite.net.pairing.offer import PORT
from satellite.text.whole_number import whole_number

TYPE = "_satellite-pair._tcp.local."
"""A separate service type: Home Assistant has no use for it."""
LOOK = 1.5
"""Seconds to search for a name: mDNS repeats its query after one."""


async def announce(name: str, port: int) -> None:
    """Announce that this machine shows a code, until cancelled. Raises `NoMulticast`."""
    from zeroconf.asyncio import AsyncServiceInfo

    async with multicast() as member:
        label = printable(name).replace(".", "-").encode()[:LABEL].decode(errors="ignore")
        service = AsyncServiceInfo(
            TYPE,
            f"{label}.{TYPE}",
            port=port,
            addresses=[socket.inet_aton(a) for a in announced_addresses("0.0.0.0")],
            server=own_host(f"{label} pairing"),
        )
        await (await member.async_register_service(service, allow_name_change=True))
        await asyncio.Event().wait()


async def find(seconds: float = LOOK) -> dict[str, tuple[str, int]]:
    """Return host and port of the machines that show a code, by name. Raises `NoMulticast`."""
    services = await browse(TYPE, seconds)
    return {
        printable(service.instance): (service.hosts[0], service.port)
        for service in services
        if service.hosts and service.port
    }


def parse_address(text: str) -> tuple[str, int]:
    """Parse HOST, HOST:PORT or an IPv6 address, as typed by a person.

    Raises `PeerUnreachable` for an invalid port.
    """
    if text.count(":") > 1 and not text.startswith("["):
        return text, PORT
    host, separator, port = text.rpartition(":")
    if not separator or text.endswith("]"):
        host, port = text, str(PORT)
    number = whole_number(port)
    if number is None or not 0 < number < 65536:
        raise PeerUnreachable(f"{text} cannot be reached: {port} is not a port number")
    return host.strip("[]"), number
