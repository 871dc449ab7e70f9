"""The settings by name: `listen.silence` in a file, `SATELLITE_LISTEN_SILENCE` in the environment.

Configuration, command line and reference are all made from this one list.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec

from satellite import options
from satellite.options import OptionInfo, OptionSet
from satellite.settings import Settings

PREFIX = "SATELLITE_"

DEFAULT = "default"
"""The origin of a setting that was not set."""

ASSISTANTS = "assistants"
"""The group of the assistants' tables."""
VOICES = "voices"
"""The group of the voices' tables."""

_NAME = re.compile(r"[a-z0-9_-]+")
"""Those names: whatever TOML takes without quotes, and an environment variable in capitals."""


class Key(msgspec.Struct, frozen=True):
    """One setting: its dotted path, its type, and what is known of it."""

    path: str
    kind: Any
    info: OptionInfo
    default: Any

    @property
    def table(self) -> str:
        """The table it stands in within a file; empty at the top."""
        return self.path.rpartition(".")[0]

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.path.replace(".", "_").upper()


@cache
def keys() -> Mapping[str, Key]:
    """Every setting by its path, in the order of the classes."""
    return {key.path: key for key in _walk(Settings, "")}


@cache
def tables() -> Mapping[str, type[OptionSet]]:
    """The tables of a file and the class of settings each holds."""
    return {
        field.encode_name: field.type
        for field in msgspec.structs.fields(Settings)
        if _is_table(field.type)
    }


@cache
def groups() -> Mapping[str, type[OptionSet]]:
    """The tables of tables whose names a user chooses, as in `assistants.butler.voice`, and the
    class of settings that each inner table holds."""
    return {
        field.encode_name: kind
        for field in msgspec.structs.fields(Settings)
        if (kind := _group_of(field.type)) is not None
    }


@cache
def find(path: str) -> Key | None:
    """A setting by its path, also one of a table that a user has named."""
    table = path.rpartition(".")[0]
    group, _, chosen = table.partition(".")
    kind = groups().get(group)
    if kind is None or not _NAME.fullmatch(chosen):
        return keys().get(path)
    return next((key for key in _walk(kind, f"{table}.") if key.path == path), None)


def tables_of(paths: Iterable[str]) -> dict[str, type[OptionSet]]:
    """The tables that a user has named, of the settings among these paths, and their classes."""
    found = {}
    for path in paths:
        table = path.rpartition(".")[0]
        if kind := groups().get(table.partition(".")[0]):
            found[table] = kind
    return found


def build(values: Mapping[str, Any]) -> Settings:
    """Make the settings out of right values by path; the rest keeps its default."""
    top: dict[str, Any] = {path: value for path, value in values.items() if "." not in path}
    for table, kind in tables().items():
        inner = {
            path.removeprefix(f"{table}."): value
            for path, value in values.items()
            if path.startswith(f"{table}.")
        }
        top[table] = kind(**inner)
    top.update({group: {} for group in groups()})
    for table, kind in tables_of(values).items():
        group, _, chosen = table.partition(".")
        top[group][chosen] = kind(
            **{
                path.rpartition(".")[2]: value
                for path, value in values.items()
                if path.rpartition(".")[0] == table
            }
        )
    return Settings(**top)


def value_of(settings: Settings, path: str) -> Any:
    """Return the value of a setting by its path."""
    value: Any = settings
    for name in path.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def differences(before: Settings, after: Settings) -> Iterator[str]:
    """Yield the paths of the settings that differ."""
    yield from (path for path in keys() if value_of(before, path) != value_of(after, path))
    for group, kind in groups().items():
        old_tables, new_tables = getattr(before, group), getattr(after, group)
        none = kind()
        for name in dict.fromkeys((*old_tables, *new_tables)):
            old, new = old_tables.get(name, none), new_tables.get(name, none)
            for field in kind.__struct_fields__:
                if getattr(old, field) != getattr(new, field):
                    yield f"{group}.{name}.{field}"


def unknown(name: str, known: list[str]) -> str:
    """Say that `name` is unknown, with the nearest known one.

    A known name whose last part is `name` counts as near: `silence` means `listen.silence`.
    """
    table, _, inner = name.rpartition(".")
    if (kind := groups().get(table.partition(".")[0])) and "." in table:
        fields = dict.fromkeys(kind.__struct_fields__)
        return f"{table}.{options.unknown_name(inner, fields)}"
    near = get_close_matches(name, known, n=1)
    if not near:
        last = {path.rpartition(".")[2]: path for path in reversed(known)}
        near = [last[match] for match in get_close_matches(name, list(last), n=1, cutoff=0.5)]
    hint = f"did you mean {near[0]}?" if near else "satellite config lists all settings"
    return f"{name} is unknown ({hint})"


def _walk(kind: type[OptionSet], prefix: str) -> list[Key]:
    infos = {info.name: info for info in options.describe(kind)}
    found: list[Key] = []
    for field in msgspec.structs.fields(kind):
        if _is_table(field.type):
            found += _walk(field.type, f"{prefix}{field.encode_name}.")
        elif prefix or _group_of(field.type) is None:
            info = infos[field.encode_name]
            found.append(Key(prefix + field.encode_name, field.type, info, field.default))
    return found


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, OptionSet)


def _group_of(kind: Any) -> type[OptionSet] | None:
    """Return the class of a table of tables; None for other types."""
    if typing.get_origin(kind) is not dict:
        return None
    inner = typing.get_args(kind)[1]
    return inner if _is_table(inner) else None
