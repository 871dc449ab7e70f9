"""How satellites' datagrams get around: multicast on every network of this machine, IPv4 and IPv6,
and straight to who is known. Wi-Fi repeats the latter when they are lost, and the former never."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
from collections.abc import Callable, Iterable

from satellite.arbitration.peers import Address
from satellite.arbitration.protocol import LONGEST
from satellite.net.discovery.addresses import is_virtual

_LOGGER = logging.getLogger(__name__)

GROUP4 = "239.255.72.85"
"""Of the addresses that stay within a home (RFC 2365, 6.1)."""
GROUP6 = "ff12::5a7e:1117"
"""Transient, and stays on the link (RFC 4291, 2.7)."""

AT_ONCE = 64
"""Datagrams read before others get their turn."""


def interfaces() -> list[tuple[str, int, bool]]:
    """This machine's networks: IPv4 address ("" for none), index (0 for unknown), whether it has
    IPv6. Those that lead to its own containers, and the loop, only where there is nothing else."""
    import ifaddr

    found: list[tuple[int, tuple[str, int, bool]]] = []
    for adapter in ifaddr.get_adapters():
        texts = [str(ip.ip if isinstance(ip.ip, str) else ip.ip[0]) for ip in adapter.ips]
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        four = [str(address) for address in addresses if address.version == 4]
        loop = any(address.is_loopback for address in addresses)
        six = not loop and any(address.version == 6 for address in addresses)
        rank = 2 if loop else 1 if is_virtual(adapter.name) else 0
        index = adapter.index or 0
        found += [(rank, (address, index, six and n == 0)) for n, address in enumerate(four)]
        if not four and six:
            found.append((rank, ("", index, True)))
    best = min((rank for rank, _ in found), default=0)
    return [interface for rank, interface in found if rank == best]


class MulticastNetwork:
    """The sockets; `heard` is called with each datagram and where it came from."""

    def __init__(self, port: int, heard: Callable[[bytes, Address], None]) -> None:
        self._port = port
        self._heard = heard
        self._ours: dict[int, socket.socket] = {}
        """By family: what is sent comes from here, and answers come to it."""
        self._shared: dict[int, socket.socket] = {}
        """By family: all satellites of a machine hear the group's datagrams here."""
        self._interfaces: list[tuple[str, int, bool]] = []
        self._failed = False

    def open(self) -> None:
        """Open what this machine has. Raises `OSError` where it has neither IPv4 nor IPv6, or the
        port cannot be shared."""
        problem: OSError | None = None
        loop = asyncio.get_running_loop()
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                shared = _bound(family, self._port)
                try:
                    ours = _bound(family, 0)
                except OSError:
                    shared.close()
                    raise
            except OSError as error:
                problem = error
                continue
            self._ours[family], self._shared[family] = ours, shared
            try:
                for one in (ours, shared):
                    loop.add_reader(one, self._read, one)
            except NotImplementedError:
                self._drop()
                raise OSError("this system's event loop cannot watch sockets") from None
        if not self._ours:
            raise problem or OSError("no network")

    def join(self, found: Iterable[tuple[str, int, bool]]) -> None:
        """Hear the group on these networks, too."""
        found = list(found)
        new = [interface for interface in found if interface not in self._interfaces]
        self._interfaces = found
        for address, index, six in new:
            if address and socket.AF_INET in self._shared:
                member = socket.inet_aton(GROUP4) + socket.inet_aton(address)
                self._set(socket.AF_INET, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            if six and socket.AF_INET6 in self._shared:
                member = socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("@I", index)
                self._set(socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)

    def spread(self, datagram: bytes) -> None:
        """Send to all of the group."""
        four, six = self._ours.get(socket.AF_INET), self._ours.get(socket.AF_INET6)
        for address, index, has_six in self._interfaces:
            if address and four is not None:
                through = socket.inet_aton(address)
                self._send(four, datagram, (GROUP4, self._port), socket.IP_MULTICAST_IF, through)
            if has_six and six is not None:
                to = (GROUP6, self._port, 0, index)
                self._send(six, datagram, to, socket.IPV6_MULTICAST_IF, struct.pack("@I", index))

    def send(self, datagram: bytes, address: Address) -> None:
        """Send to one."""
        family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
        if (through := self._ours.get(family)) is not None:
            self._send(through, datagram, address)

    def read(self) -> None:
        """Hear what has arrived by now."""
        for one in (*self._ours.values(), *self._shared.values()):
            self._read(one)

    def close(self) -> None:
        """Close everything. Twice is once."""
        loop = asyncio.get_running_loop()
        for one in (*self._ours.values(), *self._shared.values()):
            loop.remove_reader(one)
        self._drop()

    def _drop(self) -> None:
        for one in (*self._ours.values(), *self._shared.values()):
            one.close()
        self._ours.clear()
        self._shared.clear()

    def _read(self, one: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                datagram, address = one.recvfrom(LONGEST + 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # such as an answer that a port is closed
                _LOGGER.debug("reading from the other satellites: %s", error)
                return
            self._heard(datagram, address)

    def _send(
        self,
        through: socket.socket,
        datagram: bytes,
        address: Address,
        option: int | None = None,
        value: bytes = b"",
    ) -> None:
        try:
            if option is not None:
                six = through.family == socket.AF_INET6
                level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
                through.setsockopt(level, option, value)
            through.sendto(datagram, address)
            self._failed = False
        except OSError as error:  # a network that is down, or full: what counts is said again
            level = logging.DEBUG if self._failed else logging.WARNING
            self._failed = True
            _LOGGER.log(level, "the other satellites cannot be told: %s", error)

    def _set(self, family: int, level: int, option: int, value: bytes) -> None:
        try:
            self._shared[family].setsockopt(level, option, value)
        except OSError as error:
            _LOGGER.debug("multicast: %s", error)


def _bound(family: int, port: int) -> socket.socket:
    """A socket of a port; of one that others share, where it is not 0. Raises `OSError`."""
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        one.setblocking(False)
        if port:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        else:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        one.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    except OSError:
        one.close()
        raise
    return one
