"""The messages of ESPHome's native API, whose definitions are those of the package `aioesphomeapi`.

They are imported where a satellite offers this API: a quarter of a second and the package itself
are of no use to others.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from satellite.errors import BadFrame, ConfigError
from satellite.requirements import install_command

PACKAGE = "aioesphomeapi"


def missing() -> str:
    """Return that the package for this API is missing, with the remedy."""
    return (
        "homeassistant.protocol is esphome, but the package for it is missing: "
        f"{install_command('esphome')}"
    )


def installed() -> bool:
    """Return whether the extra for this API is installed."""
    return find_spec(PACKAGE) is not None


@cache
def definitions() -> Any:
    """Return the module with the classes of all messages. Raises `ConfigError` without the extra.

    Blocks for a quarter of a second the first time.
    """
    try:
        from aioesphomeapi import api_pb2
    except ImportError as error:
        raise ConfigError([missing()]) from error
    return api_pb2


@cache
def _numbers() -> tuple[dict[int, Any], dict[str, int]]:
    """Return the classes by their numbers on the wire, and the numbers by the classes' names."""
    from aioesphomeapi.core import MESSAGE_TYPE_TO_PROTO

    return MESSAGE_TYPE_TO_PROTO, {
        kind.__name__: number for number, kind in MESSAGE_TYPE_TO_PROTO.items()
    }


def prepare() -> None:
    """Import the definitions, so that no connection waits for them. Raises `ConfigError`."""
    definitions()
    _numbers()


def decode(number: int, content: bytes) -> Any | None:
    """Return the message of a frame; None for a number that is not known. Raises `BadFrame`."""
    kind = _numbers()[0].get(number)
    if kind is None:
        return None
    from google.protobuf.message import DecodeError

    try:
        return kind.FromString(content)
    except DecodeError as error:
        raise BadFrame(f"message {number} ({kind.__name__}) is malformed") from error


def encode(message: Any) -> tuple[int, bytes]:
    """Return the number and the content of a message."""
    return _numbers()[1][type(message).__name__], message.SerializeToString()
