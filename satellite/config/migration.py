"""Configuration files of older versions: taken as they were meant.

A file says with `version` for which version of the settings it was written; one that does not is
of version 1. What has changed since is a list for each version, so that a file of any age is
brought up to date by what stands here, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import msgspec

from satellite.text.quoted import quoted

KEY = "version"


def _same(value: Any) -> Any:
    return value


class Moved(msgspec.Struct, frozen=True):
    """A key that is another one now, or none any more."""

    old: str
    new: str | None
    """Its path now, such as `listen.silence`; None where it has no meaning any more."""
    change: Callable[[Any], Any] = _same
    """Makes the value of before into that of now; a pure function."""


MIGRATIONS: tuple[tuple[Moved, ...], ...] = ()
"""What the step from version 1 to 2 changed, from 2 to 3, and so on. Never changed afterwards."""


def current(migrations: Sequence[Sequence[Moved]] | None = None) -> int:
    """The version that is written now."""
    return len(MIGRATIONS if migrations is None else migrations) + 1


def version_of(content: MutableMapping[str, Any]) -> int:
    """For which version a file was written. Raises `ValueError`, saying what is wrong with it."""
    version = content.get(KEY, 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"{KEY} = {quoted(version)}: expected a whole number, 1 or more")
    return int(version)


def migrate(
    content: MutableMapping[str, Any], migrations: Sequence[Sequence[Moved]] | None = None
) -> tuple[str, ...]:
    """Update the content of a file in place; return a line for each change.

    Raises `ValueError` for a file of a version that is not known yet.
    """
    steps = MIGRATIONS if migrations is None else migrations
    version = version_of(content)
    if version > current(steps):
        raise ValueError(
            f"it is of version {version}, and this satellite knows {current(steps)}: update it"
        )
    changes = [
        line for step in steps[version - 1 :] for moved in step if (line := _move(content, moved))
    ]
    if version < current(steps):
        content[KEY] = current(steps)
    return tuple(changes)


def _move(content: MutableMapping[str, Any], moved: Moved) -> str:
    table, name = _place(content, moved.old)
    if table is None or name not in table:
        return ""
    value = moved.change(_plain(table.pop(name)))
    outer = moved.old.rpartition(".")[0]
    if outer and not table:
        _remove(content, outer)
    if moved.new is None:
        return f"{moved.old} no longer exists and was left out"
    target, last = _place(content, moved.new, make=True)
    assert target is not None
    if last in target:  # the file was written for the new key
        return f"{moved.old} was left out, since {moved.new} is set"
    target[last] = value
    return f"{moved.old} is {moved.new} now"


def _place(
    content: MutableMapping[str, Any], path: str, *, make: bool = False
) -> tuple[MutableMapping[str, Any] | None, str]:
    *tables, name = path.split(".")
    for table in tables:
        if make and table not in content:
            content[table] = {}
        inner = content.get(table)
        if not isinstance(inner, MutableMapping):
            return None, name
        content = inner
    return content, name


def _remove(content: MutableMapping[str, Any], path: str) -> None:
    table, name = _place(content, path)
    if table is not None:
        table.pop(name, None)


def _plain(value: Any) -> Any:
    """The value without what a TOML editor keeps beside it."""
    return value.unwrap() if hasattr(value, "unwrap") else value
