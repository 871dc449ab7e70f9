"""Options of plugins and settings of the program: typed classes that document themselves.

    class Options(OptionSet):
        rate: Annotated[int, option("How fast it speaks", unit="words/min", minimum=80)] = 160

Configuration checks, `--help`, `satellite plugins` and the README are made from such a class.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from satellite.text.quoted import quoted

_TYPES = re.compile(r"`(\w+(?: \| \w+)*)`")
"""The types in a message of msgspec."""

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


class OptionSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every class of options: immutable, every field with a default or required."""


class OptionInfo(msgspec.Struct, frozen=True):
    """The description of one option, as text for people."""

    name: str
    type: str
    default: str | None
    """None where a value is required."""
    unit: str
    doc: str


SetT = TypeVar("SetT", bound=OptionSet)


def option(
    doc: str, *, unit: str = "", minimum: float | None = None, maximum: float | None = None
) -> msgspec.Meta:
    """Describe an option in one line; `minimum` and `maximum` are the bounds it is held to."""
    return msgspec.Meta(description=doc, extra={"unit": unit}, ge=minimum, le=maximum)


def describe(kind: type[OptionSet]) -> tuple[OptionInfo, ...]:
    """List the options of a class, in order."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(_describe(field, hints[field.name]) for field in msgspec.structs.fields(kind))


def convert(kind: type[SetT], values: Mapping[str, Any]) -> tuple[SetT | None, tuple[str, ...]]:
    """Make options from plain values (texts from a command line included).

    Returns the options, or None with every problem found: removed names (with the reason in the
    class variable `removed`), unknown names (with the nearest known one), values of a wrong
    type or out of bounds, values that are missing.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    removed: Mapping[str, str] = getattr(kind, "removed", {})
    problems = [
        f"{name} was removed: {removed[name]}" if name in removed else unknown_name(name, fields)
        for name in values
        if name not in fields
    ]
    good: dict[str, Any] = {}
    for name, field in fields.items():
        if name in values:
            try:
                good[name] = read(values[name], field.type)
            except ValueError as error:
                problems.append(f"{name} = {quoted(values[name])}: {error}")
        elif field.required:
            problems.append(f"{name} is missing")
    return (None, tuple(problems)) if problems else (kind(**good), ())


def read(value: Any, kind: Any, *, text: bool = True) -> Any:
    """Make one value of an option's type, out of a text where `text` allows it.

    Raises `ValueError`, saying for people what was expected.
    """
    ready = split_text(value, kind) if text else value
    try:
        return msgspec.convert(ready, kind, strict=not text)
    except msgspec.ValidationError as error:
        known = choices(kind)
        reason = f"expected one of {', '.join(known)}" if known else plain(str(error))
        raise ValueError(reason) from error


def choices(kind: Any) -> tuple[str, ...]:
    """Return the words that a value of this type, or each of its values, is one of.

    Empty where other values, too, are of this type.
    """
    found = msgspec.inspect.type_info(kind)
    while not isinstance(found, msgspec.inspect.LiteralType):
        match found:
            case msgspec.inspect.Metadata(type=inner):
                found = inner
            case msgspec.inspect.VarTupleType(item_type=inner):
                found = inner
            case _:
                return ()
    return tuple(map(str, found.values))


def unknown_name(name: str, known: Mapping[str, Any]) -> str:
    """Say that `name` is unknown, with the nearest known one or all of them."""
    near = get_close_matches(name, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
    return f"{name} is unknown ({hint})"


def split_text(value: Any, kind: Any) -> Any:
    """Turn the text "a,b" into a list where `kind` is a tuple; leave everything else alone."""
    bare = typing.get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if isinstance(value, str) and typing.get_origin(bare) in (tuple, list):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def plain(message: str) -> str:
    """A validation message in the words of a person who writes a configuration."""
    return _TYPES.sub(_in_words, message).replace("Expected", "expected")


def _in_words(found: re.Match[str]) -> str:
    """Return the types of a message, such as `int | null`, in words."""
    types = [each for each in found[1].split(" | ") if each != "null"]
    return " or ".join(_WORDS.get(each, found[0]) for each in types)


def _describe(field: msgspec.structs.FieldInfo, hint: Any) -> OptionInfo:
    meta = _meta(hint)
    if field.required:
        default = None
    elif field.default is not msgspec.NODEFAULT:
        default = _text(field.default)
    else:
        default = _text(field.default_factory())
    return OptionInfo(
        name=field.encode_name,
        type=_type_name(hint),
        default=default,
        unit=str((meta.extra or {}).get("unit", "")) if meta else "",
        doc=(meta.description or "") if meta else "",
    )


def _meta(hint: Any) -> msgspec.Meta | None:
    """Return what `option` declared for a type or, for an optional value, for its other type."""
    parts = (hint, *typing.get_args(hint))
    metadata = (item for part in parts for item in getattr(part, "__metadata__", ()))
    return next((item for item in metadata if isinstance(item, msgspec.Meta)), None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _type_name(hint: Any) -> str:
    if hasattr(hint, "__metadata__"):
        return _type_name(typing.get_args(hint)[0])
    origin = typing.get_origin(hint)
    if origin is tuple:
        return f"list of {_type_name(typing.get_args(hint)[0])}"
    if origin is typing.Literal:
        return " or ".join(map(str, typing.get_args(hint)))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_name(a) for a in typing.get_args(hint) if a is not type(None))
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )
