"""Transport of datagrams between satellites: multicast on every network of this machine, IPv4 and
IPv6, and unicast to known satellites. Wi-Fi repeats lost unicast frames, and never multicast."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

from satellite.arbitration.peers import SocketAddress
from satellite.arbitration.protocol import LONGEST
from satellite.lib.platform.sockets import share_port, watch
from satellite.net.discovery.addresses import is_virtual

_LOGGER = logging.getLogger(__name__)

GROUP4 = "239.255.72.85"
"""From the range that stays within a site (RFC 2365, 6.1)."""
GROUP6 = "ff12::5a7e:1117"
"""Transient and link-local (RFC 4291, 2.7)."""

BATCH = 64
"""Datagrams read at once, before other tasks run."""


class Interface(NamedTuple):
    """A network interface, once for each of its IPv4 addresses."""

    address: str
    """IPv4 address; empty for none."""
    ifindex: int
    """0 if unknown."""
    has_ipv6: bool


def interfaces() -> list[Interface]:
    """Return the networks of this machine; those of its own containers, and the loopback, only if
    there are no others."""
    import ifaddr

    found: list[tuple[int, Interface]] = []
    for adapter in ifaddr.get_adapters():
        texts = [str(ip.ip if isinstance(ip.ip, str) else ip.ip[0]) for ip in adapter.ips]
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        four = [str(address) for address in addresses if address.version == 4]
        loop = any(address.is_loopback for address in addresses)
        six = not loop and any(address.version == 6 for address in addresses)
        rank = 2 if loop else 1 if is_virtual(adapter.name) else 0
        index = adapter.index or 0
        for number, address in enumerate(four):
            found.append((rank, Interface(address, index, six and number == 0)))
        if not four and six:
            found.append((rank, Interface("", index, True)))
    best = min((rank for rank, _ in found), default=0)
    return [interface for rank, interface in found if rank == best]


class MulticastNetwork:
    """The sockets; `received` is called with each datagram and its source address."""

    def __init__(self, port: int, received: Callable[[bytes, SocketAddress], None]) -> None:
        self._port = port
        self._received = received
        self._senders: dict[int, socket.socket] = {}
        """By address family: send from here, and receive the unicast answers."""
        self._receivers: dict[int, socket.socket] = {}
        """By address family: receive the multicasts, as every satellite of this machine does."""
        self._watches: list[Callable[[], None]] = []
        """Functions that end the watching of a socket."""
        self._interfaces: list[Interface] = []
        self._failed = False

    def open(self) -> None:
        """Open the sockets. Raises `OSError` if this machine has neither IPv4 nor IPv6, or the port
        cannot be shared."""
        problem: OSError | None = None
        loop = asyncio.get_running_loop()
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                receiver = _bind(family, self._port)
                try:
                    sender = _bind(family, 0)
                except OSError:
                    receiver.close()
                    raise
            except OSError as error:
                problem = error
                continue
            self._senders[family], self._receivers[family] = sender, receiver
            self._watches += [watch(loop, sock, self._read) for sock in (sender, receiver)]
        if not self._senders:
            raise problem or OSError("no network")

    def join(self, found: Iterable[Interface]) -> None:
        """Receive the group's multicasts on these networks as well."""
        found = list(found)
        new = [interface for interface in found if interface not in self._interfaces]
        self._interfaces = found
        for address, index, six in new:
            if address and socket.AF_INET in self._receivers:
                member = socket.inet_aton(GROUP4) + socket.inet_aton(address)
                self._set(socket.AF_INET, socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            if six and socket.AF_INET6 in self._receivers:
                member = socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("@I", index)
                self._set(socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)

    def send_to_group(self, datagram: bytes) -> None:
        """Multicast a datagram to the group."""
        four, six = self._senders.get(socket.AF_INET), self._senders.get(socket.AF_INET6)
        for address, index, has_six in self._interfaces:
            if address and four is not None:
                through = socket.inet_aton(address)
                self._send(four, datagram, (GROUP4, self._port), socket.IP_MULTICAST_IF, through)
            if has_six and six is not None:
                to = (GROUP6, self._port, 0, index)
                self._send(six, datagram, to, socket.IPV6_MULTICAST_IF, struct.pack("@I", index))

    def send(self, datagram: bytes, address: SocketAddress) -> None:
        """Send a datagram to one address."""
        family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
        if (through := self._senders.get(family)) is not None:
            self._send(through, datagram, address)

    def read(self) -> None:
        """Read the datagrams that have arrived."""
        for sock in (*self._senders.values(), *self._receivers.values()):
            self._read(sock)

    def close(self) -> None:
        """Close all sockets. Idempotent."""
        for end in self._watches:
            end()
        self._watches.clear()
        for sock in (*self._senders.values(), *self._receivers.values()):
            sock.close()
        self._senders.clear()
        self._receivers.clear()

    def _read(self, sock: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                datagram, address = sock.recvfrom(LONGEST + 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # such as ICMP's report that a port is closed
                _LOGGER.debug("cannot read from the other satellites: %s", error)
                return
            self._received(datagram, address)

    def _send(
        self,
        through: socket.socket,
        datagram: bytes,
        address: SocketAddress,
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
        except OSError as error:  # the network is down or full; everything important is repeated
            level = logging.DEBUG if self._failed else logging.WARNING
            self._failed = True
            _LOGGER.log(level, "cannot send to the other satellites: %s", error)

    def _set(self, family: int, level: int, option: int, value: bytes) -> None:
        try:
            self._receivers[family].setsockopt(level, option, value)
        except OSError as error:
            _LOGGER.debug("multicast: %s", error)


def _bind(family: int, port: int) -> socket.socket:
    """Open a socket at a port, shared unless it is 0 (any free port). Raises `OSError`."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if port:
            share_port(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    except OSError:
        sock.close()
        raise
    return sock
