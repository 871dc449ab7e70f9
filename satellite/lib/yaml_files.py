"""YAML files whose content is a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from satellite.lib.text_files import decode
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from yaml.nodes import Node

LARGEST = 2 << 20
"""Bytes of a file: the largest of a language pack has 83 kB. This much takes two seconds."""

MOST = 200_000
"""Values in a file, with those that aliases repeat: the largest of a language pack has 3400."""

DEEPEST = 40
"""Levels of lists and mappings in each other; libyaml itself allows a thousand or more."""


def parse(content: bytes) -> dict[str, Any]:
    """Return the mapping in a file's content. Raises `ValueError`, which says what is wrong."""
    import yaml  # 15 ms, only for programs that need a YAML file

    if len(content) > LARGEST:
        raise ValueError(f"has {len(content)} bytes, more than {LARGEST}")
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(decode(content))
        try:
            root = loader.get_single_node()
            if root is not None:
                _check(root)
            found = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot be read: {reason_of(error)}") from error
    except (yaml.YAMLError, ValueError, ArithmeticError, RecursionError) as error:
        # a date of month 13, a number of 1000 digits, deep lists
        raise ValueError(f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"has no keys and values, but {quoted(found, 40)}")
    return dict(found)


def _check(root: Node) -> None:
    """Raise `ValueError` for what is far more, or deeper, than its text (a "billion laughs")."""
    known: dict[Node, tuple[int, int] | None] = {}  # nodes are hashed by identity

    def measure(node: Node, level: int) -> tuple[int, int]:
        """Return the values and the levels of a node, aliases followed."""
        if node in known:
            if (found := known[node]) is None:
                raise ValueError("a value contains itself")
            return found
        known[node] = None
        values, levels = 1, 0
        for part in _parts(node):
            more, below = measure(part, level + 1)
            values, levels = values + more, max(levels, below + 1)
            if values > MOST or level + levels > DEEPEST:
                raise ValueError(f"it has more than {MOST} values or {DEEPEST} levels")
        known[node] = values, levels
        return values, levels

    measure(root, 0)


def _parts(node: Node) -> list[Node]:
    if isinstance(node.value, str):
        return []
    pairs = [part if isinstance(part, tuple) else (part,) for part in node.value]
    return [part for pair in pairs for part in pair]
