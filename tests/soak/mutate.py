"""Corrupted events: streams of a stored corpus, changed as frames, as JSON and as bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("corpus")
"""Streams of events as clients send them, by role, and those that once revealed a fault."""

Frame = tuple[dict[str, Any], bytes, bytes]
"""Header, data and payload."""

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**70), 0.5, 1e308, -1e-308,
    "", "\x00", "a" * 5000,
    "\ud7ff", "../../etc/passwd", "%s%n", [], {}, [[]], {"": {}}, [None] * 50, {"a": [{"b": []}]},
    16000, 48000, 384001, 33, 8, 3,
)  # fmt: skip
"""Values that break code which expects others."""


def streams(role: str) -> list[bytes]:
    """Return the corpus of a role, and the streams of no role."""
    files = sorted([*CORPUS.glob(f"{role}-*"), *CORPUS.glob("any-*")])
    return [file.read_bytes() for file in files]


def frames(stream: bytes) -> list[Frame]:
    """Return the events of a stream, without anything that is none."""
    found: list[Frame] = []
    while stream:
        line, _, stream = stream.partition(b"\n")
        try:
            header = json.loads(line)
            data_length = int(header.pop("data_length", 0) or 0)
            payload_length = int(header.pop("payload_length", 0) or 0)
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
        found.append(
            (header, stream[:data_length], stream[data_length : data_length + payload_length])
        )
        stream = stream[data_length + payload_length :]
    return found


def joined(events: list[Frame]) -> bytes:
    """Return the bytes of events."""
    parts = []
    for header, data, payload in events:
        lengths: dict[str, Any] = {}
        if data:
            lengths["data_length"] = len(data)
        if payload:
            lengths["payload_length"] = len(payload)
        line = json.dumps({**lengths, **header}).encode("utf-8", "surrogatepass")
        parts += [line, b"\n", data, payload]
    return b"".join(parts)


def mutated(random: random.Random, corpus: list[bytes]) -> bytes:
    """Return a stream of the corpus with one to four corruptions, occasionally with none."""
    events = frames(random.choice(corpus))
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        if not events:
            break
        random.choice(_OF_EVENTS)(random, events, corpus)
    stream = joined(events)
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        stream = random.choice(_OF_BYTES)(random, stream)
    return stream


def corrupted(random: random.Random, content: bytes) -> bytes:
    """Return bytes with one corruption."""
    return random.choice(_OF_BYTES)(random, content)


def strange() -> tuple[Any, ...]:
    """Return values that break code which expects others."""
    return _STRANGE


def _swap(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    random.shuffle(events)


def _repeat(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    place = random.randrange(len(events))
    events[place:place] = [events[place]] * random.choice((1, 3, 50))


def _drop(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    del events[random.randrange(len(events))]


def _splice(random: random.Random, events: list[Frame], corpus: list[bytes]) -> None:
    events += frames(random.choice(corpus))[random.randrange(3) :]


def _value(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    place = random.randrange(len(events))
    header, data, payload = events[place]
    try:
        fields = json.loads(data) if data else dict(header.get("data") or {})
    except (ValueError, TypeError, RecursionError):
        return
    if not isinstance(fields, dict):
        return
    name = random.choice([*fields, "x"])
    inner = fields.get(name)
    if isinstance(inner, dict) and inner and random.random() < 0.5:
        inner[random.choice(list(inner))] = random.choice(_STRANGE)
    elif random.random() < 0.2:
        fields.pop(name, None)
    else:
        fields[name] = random.choice(_STRANGE)
    events[place] = ({**header, "data": {}}, json.dumps(fields).encode(), payload)


def _header(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    place = random.randrange(len(events))
    header, data, payload = events[place]
    name = random.choice(("type", "data", "data_length", "payload_length", "version", "x"))
    events[place] = ({**header, name: random.choice(_STRANGE)}, data, payload)


def _payload(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    place = random.randrange(len(events))
    header, data, payload = events[place]
    size = random.choice((0, 1, 3, 4095, 65537, 300_000))
    events[place] = (header, data, (payload * (size // max(1, len(payload)) + 1))[:size])


def _nest(random: random.Random, events: list[Frame], _: list[bytes]) -> None:
    place = random.randrange(len(events))
    header, _data, payload = events[place]
    depth = random.choice((31, 33, 1000, 20_000))
    events[place] = (header, b'{"text":' + b"[" * depth + b"]" * depth + b"}", payload)


def _type(random: random.Random, events: list[Frame], corpus: list[bytes]) -> None:
    place = random.randrange(len(events))
    header, data, payload = events[place]
    others = frames(random.choice(corpus)) or events
    events[place] = ({**header, "type": random.choice(others)[0].get("type")}, data, payload)


def _flip(random: random.Random, stream: bytes) -> bytes:
    changed = bytearray(stream)
    for _ in range(random.choice((1, 1, 5, 50))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(random: random.Random, stream: bytes) -> bytes:
    return stream[: random.randrange(len(stream) + 1)]


def _insert(random: random.Random, stream: bytes) -> bytes:
    place = random.randrange(len(stream) + 1)
    junk = random.choice((b"\n", b"\x00", b"\xff\xfe", b"{", b'"', random.randbytes(40)))
    return stream[:place] + junk * random.choice((1, 100)) + stream[place:]


def _remove(random: random.Random, stream: bytes) -> bytes:
    place = random.randrange(len(stream) + 1)
    return stream[:place] + stream[place + random.randrange(200) :]


_OF_EVENTS: tuple[Callable[[random.Random, list[Frame], list[bytes]], None], ...] = (
    _swap, _repeat, _drop, _splice, _value, _value, _value, _header, _payload, _nest, _type,
)  # fmt: skip
_OF_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flip, _cut, _insert, _remove)
