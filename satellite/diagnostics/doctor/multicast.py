"""A question to everybody by multicast DNS, on one interface, and who hears it."""

from __future__ import annotations

import secrets
import socket
import struct
from time import monotonic

import msgspec

GROUP, PORT = "224.0.0.251", 5353
"""Where multicast DNS lives (RFC 6762, 3)."""

WAIT = 1.5
"""Seconds to listen: shared answers come within 0.12 s, and those of Wi-Fi that sleeps later."""

AGAIN = 0.5
"""Seconds to a second question: a single packet may get lost."""

_NAME = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00"
"""What everybody answers who offers anything (RFC 6763, 9)."""

_HEAD = struct.Struct(">6H")
_PTR, _IN = 12, 1
_ANSWER = 0x8000
"""The flag of a response (RFC 6762, 18.2)."""


_MULTICAST_ALL = 49
"""IP_MULTICAST_ALL of Linux, which Python's socket module does not name."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the question."""

    returned: bool = False
    """It was heard by this machine itself, as multicast loops back."""
    answered: frozenset[str] = frozenset()
    """Addresses of others that answered."""
    problem: str = ""
    """Why it could not be asked."""


def question(identity: int) -> bytes:
    """A query for all kinds of services; `identity` makes it known when it comes back."""
    return _HEAD.pack(identity, 0, 1, 0, 0, 0) + _NAME + struct.pack(">2H", _PTR, _IN)


def probe(address: str, seconds: float = WAIT) -> Probe:
    """Ask on the interface that has this IPv4 address. Blocks for `seconds`."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            _join(wire, address)
            return _ask(wire, address, seconds)
    except OSError as error:
        return Probe(problem=error.strerror or str(error))


def _join(wire: socket.socket, address: str) -> None:
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # else groups joined by others, on other interfaces, are heard, too (ip(7))
    wire.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL, 0)
    # to the group, lest unicast packets meant for a responder of this machine come here
    wire.bind((GROUP, PORT))
    interface = socket.inet_aton(address)
    membership = socket.inet_aton(GROUP) + interface
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)


def _ask(wire: socket.socket, address: str, seconds: float) -> Probe:
    identity = secrets.randbelow(0xFFFF) + 1
    asked = question(identity)
    wire.sendto(asked, (GROUP, PORT))
    began, again, returned, answered = monotonic(), False, False, set[str]()
    while (left := began + seconds - monotonic()) > 0:
        wire.settimeout(min(left, AGAIN))
        try:
            packet, (sender, _) = wire.recvfrom(9000)
        except TimeoutError:
            packet, sender = b"", ""
        if packet == asked:
            returned = True
        elif len(packet) >= _HEAD.size and _HEAD.unpack_from(packet)[1] & _ANSWER:
            answered.add(sender)
        if not again and monotonic() - began > AGAIN:
            again = True
            wire.sendto(asked, (GROUP, PORT))
    return Probe(returned=returned, answered=frozenset(answered - {address}))
