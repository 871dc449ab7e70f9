"""The messages of MCP: JSON-RPC 2.0, each one JSON object.

https://modelcontextprotocol.io/specification/2025-11-25/basic
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib.decoding import from_json

VERSION = "2025-11-25"
"""The version of the protocol that is asked for."""

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""The versions that a server may answer with: their tools differ in nothing that is used here."""

LONGEST = 1 << 20
"""Bytes of one message: 32 tools with large schemas have a fifth of it. Decoded, it takes at most
some 40 MB; larger results, such as big screenshots, are refused."""

CANCELLED = "notifications/cancelled"
INITIALIZED = "notifications/initialized"
LIST_CHANGED = "notifications/tools/list_changed"

UNKNOWN_METHOD = -32601
"""JSON-RPC's code for a request of an unknown kind."""


class SessionLost(EngineFailed):
    """The server no longer knows the session; it has done nothing."""


class NotThere(EngineFailed):
    """There is no MCP at the address."""


class Incoming(msgspec.Struct, frozen=True):
    """A request, a notification (without id), or an answer (without method)."""

    id: Any = None
    method: str | None = None
    result: Any = None
    error: Any = None


def decode(text: bytes) -> list[Incoming]:
    """Return the messages of a text; version 2025-03-26 has lists of them.

    Raises `Undecodable`.
    """
    if text.lstrip()[:1] == b"[":
        return from_json(text, list[Incoming])
    return [from_json(text, Incoming)]


def request(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    """Return a request in JSON."""
    return _encoded({"id": number, "method": method, "params": params})


def notification(method: str, params: Mapping[str, Any] | None = None) -> bytes:
    """Return a notification in JSON."""
    return _encoded({"method": method, **({"params": params} if params else {})})


def answer(number: Any, result: Mapping[str, Any]) -> bytes:
    """Return the answer to a server's request in JSON."""
    return _encoded({"id": number, "result": result})


def refusal(number: Any, method: str) -> bytes:
    """Return the refusal of a server's request in JSON."""
    error = {"code": UNKNOWN_METHOD, "message": f"{method[:80]} is not supported by this client"}
    return _encoded({"id": number, "error": error})


def _encoded(message: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", **message})
