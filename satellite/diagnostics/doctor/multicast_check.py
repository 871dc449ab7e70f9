"""A question to all machines by multicast DNS, on one interface, and their answers."""

from __future__ import annotations

import errno
import secrets
import socket
import struct
from time import monotonic

import msgspec

from satellite.lib.platform.sockets import share_port
from satellite.text.reason_of import reason_of

GROUP, PORT = "224.0.0.251", 5353
"""Address and port of multicast DNS (RFC 6762, 3)."""

WAIT = 1.5
"""Seconds to listen: shared answers come within 0.12 s, those of sleeping Wi-Fi devices later."""

AGAIN = 0.5
"""Seconds until the second question: a single packet may get lost."""

_NAME = b"\x09_services\x07_dns-sd\x04_udp\x05local\x00"
"""The name that every machine with a service answers to (RFC 6763, 9)."""

_HEAD = struct.Struct(">6H")
_PTR, _IN = 12, 1
_ANSWER = 0x8000
"""The flag of a response (RFC 6762, 18.2)."""

_MULTICAST_ALL = 49
"""IP_MULTICAST_ALL of Linux, which Python's socket module does not name."""


class MulticastResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a question."""

    returned: bool = False
    """This machine received the question itself, as multicast loops back."""
    answered: frozenset[str] = frozenset()
    """Addresses of the other machines that answered."""
    problem: str = ""
    """Why the question could not be sent."""
    blocked: bool = False
    """A firewall of this machine drops it: it was not permitted, or did not come back."""


def question(identity: int) -> bytes:
    """Return a query for all types of services; `identity` marks it as ours."""
    return _HEAD.pack(identity, 0, 1, 0, 0, 0) + _NAME + struct.pack(">2H", _PTR, _IN)


def query(address: str, seconds: float = WAIT) -> MulticastResult:
    """Ask on the interface with this IPv4 address. Blocks for `seconds`."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            _join(wire, address)
            return _ask(wire, address, seconds)
    except OSError as error:
        problem = reason_of(error)
        return MulticastResult(problem=problem, blocked=error.errno == errno.EPERM)


def _join(wire: socket.socket, address: str) -> None:
    share_port(wire)
    # otherwise packets to groups that other programs joined arrive, too (ip(7))
    wire.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL, 0)
    # to the group: unicast packets for a responder of this machine must not arrive here
    wire.bind((GROUP, PORT))
    interface = socket.inet_aton(address)
    membership = socket.inet_aton(GROUP) + interface
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)


def _ask(wire: socket.socket, address: str, seconds: float) -> MulticastResult:
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
    others = frozenset(answered - {address})
    return MulticastResult(returned=returned, answered=others, blocked=not returned)
