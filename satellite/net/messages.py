"""Reading events as dataclasses of the `wyoming` package, checked against their declared types."""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import Any, Protocol, TypeVar

from wyoming.event import Event

from satellite.errors import BadFrame, EngineError, engine_error
from satellite.text.quoted import quoted

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class EventClass(Protocol[T_co]):
    """A dataclass of the `wyoming` package."""

    def from_event(self, event: Event) -> T_co: ...


def read(kind: EventClass[T], event: Event) -> T:
    """Read an event. Raises `BadFrame` for fields that are missing or of a wrong type.

    A timestamp that is no integer is ignored: older peers send seconds, others milliseconds. A null
    field counts as missing.
    """
    data = {key: value for key, value in event.data.items() if value is not None}
    if type(data.get("timestamp")) is not int:
        data.pop("timestamp", None)
    try:
        message = kind.from_event(Event(event.type, data, event.payload))
    except KeyError as error:
        raise BadFrame(f"{event.type} lacks {quoted(error.args[0])}") from error
    except (
        Exception
    ) as error:  # the decoders expect the right shape, and raise whatever another causes
        raise BadFrame(f"{event.type} is malformed: {error}") from error
    if wrong := _misfit(message):
        raise BadFrame(f"{event.type} has a {wrong} of the wrong type")
    return message


def check_table(kind: Any, value: Any, where: str) -> dict[str, Any]:
    """Check a table of which `wyoming` decodes every level by the fields of dataclasses.

    Its decoder takes a text for a list of letters, and a table for a list of its keys. Return a
    copy without null fields, which count as missing. `where` begins the path in messages.

    Raises:
        BadFrame: a value has the wrong type, or is missing.
    """
    if not isinstance(value, dict):
        raise BadFrame(f"{where} is {_type_name(value)}, not a table")
    checked = dict(value)
    for name, hint in _fields(kind):
        if value.get(name) is not None:
            checked[name] = _check(value[name], hint, f"{where}.{name}")
        elif name in _required(kind):
            raise BadFrame(f"{where} lacks {name}")
        else:
            checked.pop(name, None)
    return checked


def error_of(event: Event) -> EngineError:
    """Return the exception that an `error` event reports."""
    text, code = event.data.get("text"), event.data.get("code")
    return engine_error(code if isinstance(code, str) else None, str(text or "it gave no reason"))


def _misfit(message: Any) -> str | None:
    """Return the name of the first field whose value is not of its declared type, if any."""
    kind: Any = type(message)
    for name, hint in _fields(kind):
        if not _fits(getattr(message, name), hint):
            return name
    return None


def _check(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _check(value, arguments[0], where)  # `Optional`, and null is checked by the caller
    if dataclasses.is_dataclass(hint):
        return check_table(hint, value, where)
    if origin is list:
        if not isinstance(value, list):
            raise BadFrame(f"{where} is {_type_name(value)}, not a list")
        return [_check(item, arguments[0], f"{where}[{n}]") for n, item in enumerate(value)]
    if not _fits(value, hint):
        raise BadFrame(f"{where} is {_type_name(value)}, not {_TYPES.get(hint, hint)}")
    return value


_TYPES = {
    dict: "a table",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


def _type_name(value: Any) -> str:
    return _TYPES.get(type(value), type(value).__name__)


@cache
def _required(kind: Any) -> frozenset[str]:
    """Return the fields without a default that may not be null."""
    hints = dict(_fields(kind))
    missing = dataclasses.MISSING
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is missing
        and field.default_factory is missing
        and type(None) not in typing.get_args(hints[field.name])
    )


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind))


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
    if origin is not None:
        return isinstance(value, origin)
    if hint is int:
        return type(value) is int
    if not isinstance(value, hint):
        return False
    if dataclasses.is_dataclass(hint):
        return _misfit(value) is None
    return True
