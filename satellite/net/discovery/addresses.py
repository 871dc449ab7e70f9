"""The addresses at which others reach this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

ANY = ("0.0.0.0", "::", "*", "")
"""Hosts that stand for every address; the first two for those of their own family."""

_VIRTUAL = ("docker", "br-", "veth", "virbr", "cni", "flannel")
"""Beginnings of the names of interfaces that lead to containers inside this machine."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def announced_addresses(host: str) -> tuple[str, ...]:
    """What to announce for a service that listens on `host`, best first.

    For a wildcard: the addresses of the network interfaces, of a container bridge or of the loop
    only where there is nothing better. A host that is no address is left for others to resolve.
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
    """Whether an interface leads to containers inside this machine, by its name."""
    return name.startswith(_VIRTUAL)


def adapters() -> Iterator[tuple[str, IpAddress]]:
    """Every interface of this machine, by its name, with each of its addresses."""
    import ifaddr

    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            yield adapter.name, ipaddress.ip_address(text.partition("%")[0])
