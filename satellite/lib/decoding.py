"""Decoding of JSON that others wrote, with one error for everything that can be wrong with it."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")


class Undecodable(msgspec.DecodeError, ValueError):
    """It is not JSON, or not of the wanted type, or nested deeper than Python's stack."""


@overload
def from_json(text: bytes | bytearray | memoryview | str) -> Any: ...
@overload
def from_json(text: bytes | bytearray | memoryview | str, kind: type[T]) -> T: ...
def from_json(text: bytes | bytearray | memoryview | str, kind: Any = Any) -> Any:
    """Return the value of a JSON text. Raises `Undecodable`, and nothing else."""
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise Undecodable("it is nested too deeply") from error
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise Undecodable(str(error)) from error
