"""The addresses at which other machines reach this one."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

ANY = ("0.0.0.0", "::", "*", "")
"""Hosts that stand for every address; the first two for those of their family only."""

_VIRTUAL = ("docker", "br-", "veth", "virbr", "cni", "flannel")
"""Prefixes of the names of interfaces that lead to containers on this machine."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def announced_addresses(host: str) -> tuple[str, ...]:
    """Return the addresses to announce for a service that listens on `host`, IPv4 first.

    For a wildcard these are the addresses of the network interfaces; those of a container bridge or
    of the loopback only without better ones. Any other host is returned as it is.
    """
    if host not in ANY:
        return (host,)
    family = {"0.0.0.0": 4, "::": 6}.get(host)
    found = [(name, address) for name, address in adapters() if family in (None, address.version)]
    best = min((_rank(*item) for item in found), default=0)
    chosen = [item for item in found if _rank(*item) == best]
    return tuple(str(address) for _, address in sorted(chosen, key=lambda item: item[1].version))


def _rank(name: str, address: IpAddress) -> int:
    if address.is_loopback:
        return 3
    if is_virtual(name):
        return 2
    return 1 if address.is_link_local else 0


def is_virtual(name: str) -> bool:
    """Return whether an interface leads to containers on this machine, by its name."""
    return name.startswith(_VIRTUAL)


def adapters() -> Iterator[tuple[str, IpAddress]]:
    """Yield the name and the address of every interface of this machine."""
    import ifaddr

    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            yield adapter.name, ipaddress.ip_address(text.partition("%")[0])
