"""The settings by name: `listen.silence` in a file, `SATELLITE_LISTEN_SILENCE` in the environment.

Configuration, command line and reference are all made from this one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec

from satellite import options
from satellite.options import OptionInfo, OptionSet
from satellite.settings import Settings

PREFIX = "SATELLITE_"


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


def build(values: Mapping[str, Any]) -> Settings:
    """Make the settings out of right values by path; the rest keeps its default."""
    top = {path: value for path, value in values.items() if "." not in path}
    for table, kind in tables().items():
        inner = {
            path.removeprefix(f"{table}."): value
            for path, value in values.items()
            if path.startswith(f"{table}.")
        }
        top[table] = kind(**inner)
    return Settings(**top)


def value_of(settings: Settings, path: str) -> Any:
    """The value of a setting by its path."""
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value


def unknown(name: str, known: list[str]) -> str:
    """Say that `name` is unknown, with the nearest known one.

    A known name whose last part is `name` counts as near: `silence` means `listen.silence`.
    """
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
        else:
            info = infos[field.encode_name]
            found.append(Key(prefix + field.encode_name, field.type, info, field.default))
    return found


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, OptionSet)
