"""Tool definitions of servers, reduced to what every brain takes, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from satellite.net.mcp.foreign_text import line

NAME = 128
"""Characters of a tool's name at its server, the most that MCP allows."""
DOC = 500
"""Characters of a tool's description in the prompt."""
_NOTE = 200
"""Characters of the description of one argument."""
DEPTH = 6
"""Levels of objects and lists within each other."""
_NODES = 150
"""Most parts of one schema."""
_ARGUMENTS = 32
"""Most arguments of one tool, or fields of one object."""
_CHOICES = 60
"""Most values of a choice."""
_LARGEST = 6000
"""Bytes of a schema in the prompt: more than a third of a small context."""

_TYPES = ("string", "integer", "number", "boolean", "object", "array")


class Unusable(Exception):
    """A tool that no brain could be offered; the text says why."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server describes it."""

    name: str
    doc: str
    parameters: dict[str, Any]
    """The JSON schema of the arguments."""
    effect: bool
    """Whether it may change something: all that is not marked as only reading."""


def definition(found: Any) -> Definition:
    """Return a tool of a list of tools. Raises `Unusable`."""
    if not isinstance(found, dict) or not isinstance(name := found.get("name"), str):
        raise Unusable("it has no name")
    if not name or len(name) > NAME or not name.isascii() or not name.isprintable():
        raise Unusable(f"its name is no text of 1 to {NAME} ASCII characters")
    annotations = found.get("annotations")
    reads = isinstance(annotations, dict) and annotations.get("readOnlyHint") is True
    doc = line(found.get("description"), DOC) or line(found.get("title"), DOC) or name
    written = found.get("inputSchema")
    if not isinstance(written, dict):
        raise Unusable("it has no schema")
    parameters = _Reducer(written).reduced()
    if len(msgspec.json.encode(parameters)) > _LARGEST:
        raise Unusable(f"its schema is larger than {_LARGEST} bytes")
    return Definition(name=name, doc=doc, parameters=parameters, effect=not reads)


class _Reducer:
    """Reduces one schema: references resolved, one type each, nothing but what models use."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nodes = 0

    def reduced(self) -> dict[str, Any]:
        """Return the schema of an object. Raises `Unusable`."""
        found = self._node(self._root, 0)
        if found.get("type", "object") != "object":
            raise Unusable("its arguments are no object")
        return {"type": "object", "properties": {}, **found}

    def _node(self, written: Any, depth: int) -> dict[str, Any]:
        self._nodes += 1
        if self._nodes > _NODES:
            raise Unusable(f"its schema has more than {_NODES} parts")
        if depth > DEPTH:
            raise Unusable(f"its schema is nested more than {DEPTH} levels deep")
        written = self._plain(written, 0)
        found: dict[str, Any] = {}
        kind = _kind(written)
        if kind:
            found["type"] = kind
        if choices := _choices(written):
            found["enum"] = choices
        if note := line(written.get("description"), _NOTE):
            found["description"] = note
        if kind == "object":
            found.update(self._object(written, depth))
        elif kind == "array" and "items" in written:
            found["items"] = self._node(written["items"], depth + 1)
        return found

    def _object(self, written: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = written.get("properties", {})
        if not isinstance(properties, dict):
            raise Unusable("the properties in its schema are no object")
        if len(properties) > _ARGUMENTS:
            raise Unusable(f"it has more than {_ARGUMENTS} arguments")
        for name in properties:
            if not name or len(name) > 64 or not name.isascii() or not name.isprintable():
                raise Unusable("an argument's name is no text of 1 to 64 ASCII characters")
        wanted = written.get("required", [])
        names = [name for name in wanted if name in properties] if isinstance(wanted, list) else []
        found = {"properties": {n: self._node(p, depth + 1) for n, p in properties.items()}}
        return {**found, "required": names} if names else found

    def _plain(self, written: Any, steps: int) -> Mapping[str, Any]:
        """Return a schema without references and alternatives: the first one that is not null."""
        if written is True or written is None:
            return {}
        if not isinstance(written, dict):
            raise Unusable("its schema is malformed")
        if steps > DEPTH:
            raise Unusable("its schema refers to itself")
        if (reference := written.get("$ref")) is not None:
            return self._plain({**self._referred(reference), **_beside(written)}, steps + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            options = written.get(key)
            if isinstance(options, list):
                first: Any = next((o for o in options if not _is_null(o)), {})
                inner = self._plain(first, steps + 1)
                return self._plain({**inner, **_beside(written)}, steps + 1)
        return written

    def _referred(self, reference: Any) -> Mapping[str, Any]:
        found: Any = self._root
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise Unusable("its schema refers to another document")
        for name in reference[2:].split("/", DEPTH):
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise Unusable("its schema refers to a part that is missing")
        return found


def _beside(written: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in written.items() if k not in ("$ref", "anyOf", "oneOf", "allOf")}


def _is_null(written: Any) -> bool:
    return isinstance(written, dict) and written.get("type") == "null"


def _kind(written: Mapping[str, Any]) -> str:
    kind = written.get("type")
    if isinstance(kind, list):
        kind = next((part for part in kind if part != "null"), None)
    if kind is None and isinstance(written.get("properties"), dict):
        return "object"
    if kind is not None and kind not in _TYPES:
        raise Unusable("its schema has an unknown type")
    return str(kind) if kind else ""


def _choices(written: Mapping[str, Any]) -> list[Any]:
    """Return the values of a choice; none where there are too many to list."""
    choices = written.get("enum")
    if choices is None and "const" in written:
        choices = [written["const"]]
    if not isinstance(choices, list) or len(choices) > _CHOICES:
        return []
    plain = [choice for choice in choices if isinstance(choice, str | int | float)]
    return [line(choice, 100) if isinstance(choice, str) else choice for choice in plain]
