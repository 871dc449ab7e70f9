"""The networks from which peers may connect: addresses, networks, and words for common ones."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from satellite.errors import ConfigError
from satellite.text.quoted import quoted

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NETWORK_WORDS: dict[str, tuple[str, ...]] = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    # RFC 1918, RFC 4193, and link-local (RFC 3927, RFC 4291). Not 100.64.0.0/10 (RFC 6598), which
    # may be shared with other customers of an internet provider: add it for a VPN that uses it.
    "private": (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    ),
    "any": ("0.0.0.0/0", "::/0"),
}
"""Words for lists of networks."""

DEFAULT_ALLOW = ("loopback", "private")
"""Networks that may connect by default: this machine and the networks of a home."""


class AllowedNetworks:
    """A set of networks."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises `ConfigError` with every text that is no address, no network and no known word."""
        self._networks: list[IpNetwork] = []
        problems_found = []
        for text in texts:
            try:
                self._networks += (
                    ipaddress.ip_network(n) for n in NETWORK_WORDS.get(text, (text,))
                )
            except ValueError as error:
                words = ", ".join(NETWORK_WORDS)
                problems_found.append(
                    f"allow: {quoted(text)} is neither an address, a network such as "
                    f"192.168.1.0/24, nor one of {words}: {error}"
                )
        if problems_found:
            raise ConfigError(problems_found)

    def __contains__(self, host: str) -> bool:
        """Return whether an address, possibly with a scope (`%eth0`), is in one of the networks."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def problems(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the problems of a list of networks."""
    try:
        AllowedNetworks(texts)
    except ConfigError as error:
        return error.problems
    return ()
