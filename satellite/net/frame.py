"""The form of an event on the wire: a JSON line, then as many bytes of JSON data and of payload as
it announces. Nothing here waits: `satellite.net.wire` moves the bytes."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from wyoming.event import Event

from satellite.errors import BadFrame

VERSION = "1.10.2"
"""Version of the protocol that is spoken here, as PyPI's `wyoming` counts it."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer may ask of this side, in bytes and seconds."""

    header: int = 64 * 1024
    """Longest JSON line: what the `wyoming` library itself accepts."""
    data: int = 1024 * 1024
    """Longest JSON data: ten times the `info` of a server with a thousand voices."""
    payload: int = 4 * 1024 * 1024
    """Longest payload: two minutes of 16 kHz sound in one event."""
    depth: int = 32
    """Deepest nesting of JSON: `info` has nine levels."""
    values: int = 50_000
    """Most values in one event's JSON: a thousand voices with twenty facts each, twice. Each takes
    up to a hundred times the memory of its text."""
    events: float = 1000.0
    """Most events a second in the long run; twice as many at once. Who sends more is read no
    faster. Sound in pieces of 10 ms makes a hundred."""
    frame: float = 30.0
    """From a frame's first byte to its last: 4 MiB at a poor Wi-Fi's 150 kB/s."""
    write: float = 60.0
    """Without room for an event: a satellite that plays a long sentence reads no further one."""
    close: float = 1.0
    """For the last bytes to leave when a connection is closed."""


class Header(msgspec.Struct, frozen=True):
    """The JSON line."""

    type: str
    data: dict[str, Any] | None = None
    data_length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    payload_length: Annotated[int, msgspec.Meta(ge=0)] | None = None


_HEADER = msgspec.json.Decoder(Header)
_DATA = msgspec.json.Decoder(dict[str, Any])
_PASSED_OVER = msgspec.json.Decoder(msgspec.Raw)

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
"""A JSON text, in JSON that is known to be right: elsewhere its search takes quadratic time."""
_ROUND = bytes.maketrans(b"{}", b"[]")
_PLAIN = bytes(set(range(256)) - set(b"[]{}"))
_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)


def encode(event: Event) -> bytes:
    """The bytes of a frame. Raises `BadFrame` for what JSON cannot hold."""
    header: dict[str, Any] = {"type": event.type, "version": VERSION}
    try:
        data = msgspec.json.encode(event.data) if event.data else b""
        if data:
            header["data_length"] = len(data)
        if event.payload:
            header["payload_length"] = len(event.payload)
        return b"".join((msgspec.json.encode(header), b"\n", data, event.payload or b""))
    except (TypeError, ValueError) as error:  # such as half of a surrogate pair
        raise BadFrame(f"{event.type} cannot be written as JSON: {error}") from error


def read_header(line: bytes, limits: Limits, peer: str) -> Header:
    """Read the line of an event, and hold what it announces to the limits. Raises `BadFrame`."""
    try:
        header = _HEADER.decode(line)
    except _NOT_JSON as error:
        raise BadFrame(f"{peer} sent what is not a Wyoming event: {error}") from error
    if header.data and not _surely_small(line, limits):
        _check_shape(line, limits, peer)
    for part, size, most in (
        ("data", header.data_length or 0, limits.data),
        ("payload", header.payload_length or 0, limits.payload),
    ):
        if size > most:
            raise BadFrame(
                f"{peer} announced {size} bytes of {part}; no event has more than {most}"
            )
    return header


def read_data(text: bytes, limits: Limits, peer: str) -> dict[str, Any]:
    """Read the data of an event. Raises `BadFrame`."""
    try:
        if not _surely_small(text, limits):
            _PASSED_OVER.decode(text)  # builds nothing: what is too much costs no memory
            _check_shape(text, limits, peer)
        return _DATA.decode(text)
    except _NOT_JSON as error:
        raise BadFrame(f"{peer} sent an event with broken data: {error}") from error


def _surely_small(text: bytes, limits: Limits) -> bool:
    """Whether it is within the limits even if no bracket and no comma of it stands in a text."""
    opened = text.count(b"[") + text.count(b"{")
    return opened <= limits.depth and opened + text.count(b",") <= limits.values


def _check_shape(text: bytes, limits: Limits, peer: str) -> None:
    """Hold JSON that is known to be right to the limits of nesting and of values."""
    bare = _TEXT.sub(b"", text)
    if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > limits.values:
        raise BadFrame(f"{peer} sent an event of more than {limits.values} values")
    nest = bare.translate(_ROUND, _PLAIN)
    for _ in range(limits.depth):
        nest = nest.replace(b"[]", b"")  # the innermost level
    if nest:
        raise BadFrame(f"{peer} sent an event nested more than {limits.depth} levels deep")
