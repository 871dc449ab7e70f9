"""Multicast DNS: the sockets for announcing and finding services."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import re
import socket
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from satellite.errors import WireError
from satellite.lib.containment import Containment
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

TYPE = "_wyoming._tcp.local."
"""The service type under which Home Assistant finds Wyoming services."""

PROCESS_ID = uuid.uuid4().hex
"""Included in the adverts of this process, so that it recognizes them as its own."""

REFRESH = 3.0
"""Seconds between checks of this machine's networks, which take a millisecond, and of the TXT
values of its services: all machines learn within five that an address changed or a server is
full."""

LABEL = 63
"""Longest instance name (RFC 6763, 4.1.1) and longest label of a host name (RFC 1035, 2.3.4), in
bytes."""

_MARK = 8
"""Hexadecimal digits that distinguish host names: 32 bits, for the dozens of services of a LAN."""

CLOSE = 1.0
"""Seconds to withdraw services: zeroconf sends three goodbyes within 0.25 s."""


class NoMulticast(WireError):
    """This machine has no network on which services can be announced or found."""

    code = "no-multicast"


@asynccontextmanager
async def multicast(interfaces: Sequence[str] = ()) -> AsyncGenerator[AsyncZeroconf, None]:
    """Take part in multicast DNS during this block; withdraw all services at its end.

    `interfaces` are addresses of this machine, by default all. Raises `NoMulticast`.
    """
    member = _join(interfaces)
    try:
        yield member
    finally:
        try:
            async with asyncio.timeout(CLOSE):
                await Containment("leaving multicast DNS").once(member.async_close)
        except TimeoutError:
            _LOGGER.warning("cannot withdraw services within %g s", CLOSE)


def machine_name() -> str:
    """Return this machine's name, without its domain."""
    return socket.gethostname().partition(".")[0] or "satellite"


def own_host(instance: str) -> str:
    """Return a host name for one service of this machine: one label and `.local.`.

    It belongs to that service alone, whatever letters `instance` has: records of another responder,
    or of another machine of the same name, would be merged with its own.
    """
    identity = f"{instance}\0{machine_name()}\0{uuid.getnode()}"
    mark = hashlib.sha256(identity.encode()).hexdigest()[:_MARK]
    letters = re.sub(r"[^A-Za-z0-9]+", "-", instance)[: LABEL - _MARK - 1].strip("-")
    return f"{letters or 'satellite'}-{mark}.local."


async def follow_networks(member: AsyncZeroconf) -> None:
    """Let `member` use every network that this machine joins later, until cancelled.

    A satellite often starts before its Wi-Fi is up.
    """
    before = _own_interfaces()
    while True:
        await asyncio.sleep(REFRESH)
        if (now := _own_interfaces()) != before:
            before = now
            _LOGGER.info(
                "the networks of this machine have changed: %s",
                ", ".join(map(str, now[0])) or "none",
            )
            try:
                await member.async_update_interfaces(interfaces=[*now[0], *now[1]])
            except OSError as error:
                _LOGGER.warning(
                    "cannot use multicast on the changed networks: %s", reason_of(error)
                )


def _join(interfaces: Sequence[str]) -> AsyncZeroconf:
    from zeroconf.asyncio import AsyncZeroconf

    four, six = (list(interfaces), list[str | int]()) if interfaces else _own_interfaces()
    problem: OSError | None = None
    for chosen in ([*four, *six], four):
        try:
            if chosen:
                return AsyncZeroconf(interfaces=chosen)
        except OSError as error:  # IPv6 may exist without multicast
            problem = error
            _LOGGER.debug("multicast on %s: %s", ", ".join(map(str, chosen)), error)
    why = f": {reason_of(problem)}" if problem else ""
    raise NoMulticast(
        f"cannot announce or find services: no network with multicast{why} "
        "(--no-zeroconf disables discovery)"
    )


def _own_interfaces() -> tuple[list[str | int], list[str | int]]:
    """Return this machine's IPv4 addresses, and the indexes of its interfaces with IPv6.

    The loopback is left out of the latter: it has no IPv6 multicast.
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
