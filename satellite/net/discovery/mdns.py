"""Multicast DNS: the sockets behind announcing and finding services."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from satellite.errors import WireError

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

TYPE = "_wyoming._tcp.local."
"""Where Home Assistant looks for Wyoming services."""

PROCESS_ID = uuid4().hex
"""Told in our adverts, so that a process does not take itself for another."""

REFRESH = 3.0
"""Seconds between looks at this machine's networks, which take a millisecond, and at what is told
of its services: that an address has changed or a server is full is known to all within five."""

CLOSE = 1.0
"""Seconds to say goodbye: zeroconf repeats it three times within 0.25 s."""


class NoMulticast(WireError):
    """This machine has no network on which services can be announced or found."""

    code = "no-multicast"


@asynccontextmanager
async def multicast(interfaces: Sequence[str] = ()) -> AsyncGenerator[AsyncZeroconf, None]:
    """Take part in multicast DNS during this block; goodbyes are said at its end.

    `interfaces` are addresses of this machine, all by default. Raises `NoMulticast`.
    """
    member = _join(interfaces)
    try:
        yield member
    finally:
        try:
            async with asyncio.timeout(CLOSE):
                await member.async_close()
        except TimeoutError:
            _LOGGER.warning("Services could not be withdrawn within %g s", CLOSE)


async def follow_networks(member: AsyncZeroconf) -> None:
    """Let `member` take part on every network that this machine joins later, until cancelled.

    A satellite is often started before its Wi-Fi is up.
    """
    before = _own_interfaces()
    while True:
        await asyncio.sleep(REFRESH)
        if (now := _own_interfaces()) != before:
            before = now
            _LOGGER.info("The network has changed: %s", ", ".join(map(str, now[0])) or "none")
            try:
                await member.async_update_interfaces(interfaces=[*now[0], *now[1]])
            except OSError as error:
                _LOGGER.warning("Multicast on the changed network: %s", error)


def _join(interfaces: Sequence[str]) -> AsyncZeroconf:
    from zeroconf.asyncio import AsyncZeroconf

    four, six = (list(interfaces), list[str | int]()) if interfaces else _own_interfaces()
    problem: OSError | None = None
    for chosen in ([*four, *six], four):
        try:
            if chosen:
                return AsyncZeroconf(interfaces=chosen)
        except OSError as error:  # IPv6 may be there and without multicast
            problem = error
            _LOGGER.debug("multicast on %s: %s", chosen, error)
    reason = f": {problem.strerror or problem}" if problem else ""
    raise NoMulticast(
        f"services can be neither announced nor found{reason}; is there a network? "
        "(--no-zeroconf does without)"
    )


def _own_interfaces() -> tuple[list[str | int], list[str | int]]:
    """This machine's IPv4 addresses, and the indexes of its interfaces with IPv6.

    The loop has no IPv6 multicast, so that is left out there.
    """
    import ifaddr

    four: list[str | int] = []
    six: list[str | int] = []
    for adapter in ifaddr.get_adapters():
        addresses = [ipaddress.ip_address(_text(ip).partition("%")[0]) for ip in adapter.ips]
        four += [str(address) for address in addresses if address.version == 4]
        if adapter.index is not None and any(
            address.version == 6 and not address.is_loopback for address in addresses
        ):
            six.append(adapter.index)
    return four, six


def _text(ip: Any) -> str:
    return str(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
