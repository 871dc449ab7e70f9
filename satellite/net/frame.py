"""The format of an event on the wire: a JSON line, then the JSON data and the payload, whose
lengths it announces. Pure: `satellite.net.wire` transfers the bytes."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from wyoming.event import Event

from satellite.errors import BadFrame

VERSION = "1.10.2"
"""Version of the protocol, as numbered by the `wyoming` package."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of what a peer may send, in bytes and seconds."""

    header: int = 64 * 1024
    """Longest JSON line: the limit of the `wyoming` library itself."""
    data: int = 1024 * 1024
    """Longest JSON data: ten times the `info` of a server with a thousand voices."""
    payload: int = 4 * 1024 * 1024
    """Longest payload: two minutes of 16 kHz audio in one event."""
    depth: int = 32
    """Deepest nesting of JSON: `info` has nine levels."""
    values: int = 50_000
    """Most values in the JSON of one event: twice a thousand voices with twenty fields each. A
    value takes up to a hundred times the memory of its text."""
    events: float = 1000.0
    """Most events per second on average; twice as many at once. A faster peer is read no faster.
    Audio in pieces of 10 ms makes a hundred."""
    frame: float = 30.0
    """From the first byte of a frame to its last: 4 MiB over poor Wi-Fi at 150 kB/s."""
    write: float = 60.0
    """Without room to send: a satellite that plays a long sentence reads no further audio."""
    close: float = 1.0
    """To send the last bytes when a connection is closed."""


class Header(msgspec.Struct, frozen=True):
    """The JSON line."""

    type: str
    data: dict[str, Any] | None = None
    data_length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    payload_length: Annotated[int, msgspec.Meta(ge=0)] | None = None


_HEADER = msgspec.json.Decoder(Header)
_DATA = msgspec.json.Decoder(dict[str, Any])
_VALIDATOR = msgspec.json.Decoder(msgspec.Raw)

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
"""A JSON string. Only for valid JSON: on other text the search takes quadratic time."""
_ROUND = bytes.maketrans(b"{}", b"[]")
_PLAIN = bytes(set(range(256)) - set(b"[]{}"))
_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)


def encode(event: Event) -> bytes:
    """Return the bytes of an event. Raises `BadFrame` for values that JSON cannot represent."""
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
    """Read the line of an event, and check what it announces. Raises `BadFrame`."""
    try:
        header = _HEADER.decode(line)
    except _NOT_JSON as error:
        raise BadFrame(f"{peer} sent something that is no Wyoming event: {error}") from error
    if header.data and not _surely_small(line, limits):
        _check_shape(line, limits, peer)
    for part, size, most in (
        ("data", header.data_length or 0, limits.data),
        ("payload", header.payload_length or 0, limits.payload),
    ):
        if size > most:
            raise BadFrame(f"{peer} announced {size} bytes of {part}; at most {most} are allowed")
    return header


def read_data(text: bytes, limits: Limits, peer: str) -> dict[str, Any]:
    """Read the data of an event. Raises `BadFrame`."""
    try:
        if not _surely_small(text, limits):
            _VALIDATOR.decode(text)  # builds no objects: excess values cost no memory
            _check_shape(text, limits, peer)
        return _DATA.decode(text)
    except _NOT_JSON as error:
        raise BadFrame(f"{peer} sent an event with broken data: {error}") from error


def _surely_small(text: bytes, limits: Limits) -> bool:
    """Return whether JSON is within the limits even if none of its brackets is part of a string."""
    opened = text.count(b"[") + text.count(b"{")
    return opened <= limits.depth and opened + text.count(b",") <= limits.values


def _check_shape(text: bytes, limits: Limits, peer: str) -> None:
    """Check the nesting and the number of values of valid JSON. Raises `BadFrame`."""
    bare = _TEXT.sub(b"", text)
    if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > limits.values:
        raise BadFrame(f"{peer} sent an event of more than {limits.values} values")
    nest = bare.translate(_ROUND, _PLAIN)
    for _ in range(limits.depth):
        nest = nest.replace(b"[]", b"")  # the innermost level
    if nest:
        raise BadFrame(f"{peer} sent an event nested more than {limits.depth} levels deep")
