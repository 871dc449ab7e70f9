"""Messages of DNS about SRV records (RFC 1035 and 2782)."""

from __future__ import annotations

import struct

import msgspec

_HEAD = struct.Struct(">6H")
_RECORD = struct.Struct(">2HIH")
_SRV_DATA = struct.Struct(">3H")
_RECURSION = 0x0100
"""Flag of a question: the server is to ask others."""
_TRUNCATED = 0x02
"""Flag of an answer, in its third byte: it is to be asked for by TCP."""
_SRV, _INTERNET = 33, 1
_POINTER = 0xC0
"""Bits of a length that mark the rest of a name as found elsewhere in the message."""
_LABELS = 128
"""Labels of a name at most: more are a loop of pointers."""


class Target(msgspec.Struct, frozen=True):
    """What an SRV record names."""

    priority: int
    """Of several records, only those with the lowest count."""
    port: int
    host: str


class BadMessage(Exception):
    """An answer that breaks the format."""


def question(name: str, number: int) -> bytes:
    """Return the question for the SRV records of a name. Raises `UnicodeError`."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    words = b"".join(bytes((len(label),)) + label for label in labels)
    tail = struct.pack(">2H", _SRV, _INTERNET)
    return _HEAD.pack(number, _RECURSION, 1, 0, 0, 0) + words + b"\0" + tail


def answers(message: bytes, number: int) -> bool:
    """Return whether a message answers the question of a number."""
    return len(message) >= _HEAD.size and message[:2] == number.to_bytes(2) and message[2] >= 0x80


def code(message: bytes) -> int:
    """Return the code of an answer: 0, 3 for a name that does not exist, or an error."""
    return message[3] & 0xF


def truncated(message: bytes) -> bool:
    """Return whether an answer did not fit into its datagram: without EDNS, that has 512 bytes."""
    return bool(message[2] & _TRUNCATED)


def targets(message: bytes) -> tuple[Target, ...]:
    """Return the targets in an answer. Raises `BadMessage`."""
    try:
        _, _, questions, records, _, _ = _HEAD.unpack_from(message)
        place = _HEAD.size
        for _ in range(questions):
            place = _name(message, place)[1] + 4
        found = []
        for _ in range(records):
            place = _name(message, place)[1]
            kind, _, _, length = _RECORD.unpack_from(message, place)
            place += _RECORD.size
            if kind == _SRV:
                priority, _, port = _SRV_DATA.unpack_from(message, place)
                host, _ = _name(message, place + _SRV_DATA.size)
                found.append(Target(priority, port, host))
            place += length
    except (IndexError, struct.error, UnicodeError) as error:
        raise BadMessage("the answer of the name server breaks the format") from error
    return tuple(found)


def _name(message: bytes, place: int) -> tuple[str, int]:
    """Return the name at a place, and the place behind it. Raises `IndexError`, `UnicodeError`."""
    labels: list[str] = []
    end = 0
    for _ in range(_LABELS):
        size = message[place]
        if size >= _POINTER:
            end = end or place + 2
            place = (size & ~_POINTER) << 8 | message[place + 1]
        elif size:
            labels.append(message[place + 1 : place + 1 + size].decode("ascii"))
            place += 1 + size
        else:
            return ".".join(labels), end or place + 1
    raise IndexError("pointers of a name go round")
