"""The configuration: flags over environment over files over defaults, with every origin."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from satellite.config import checks, layers
from satellite.config.keys import DEFAULT, Key, build, find, keys, tables_of, value_of
from satellite.config.layers import Given
from satellite.errors import ConfigError
from satellite.lib import paths
from satellite.settings import Settings

SYSTEM_FILE = Path("/etc/satellite/satellite.toml")


class Configuration(msgspec.Struct, frozen=True):
    """Settings that were checked, and where each came from."""

    settings: Settings
    origins: Mapping[str, str]
    """For every path: `flag --mic`, `environment SATELLITE_MIC`, `file PATH` or `default`."""
    files: tuple[Path, ...]
    """The files that were read."""

    def effective(self) -> list[tuple[Key, Any, str]]:
        """Every setting with its value and its origin, in order."""
        return [
            (key, value_of(self.settings, path), origin)
            for path, origin in self.origins.items()
            if (key := find(path)) is not None
        ]


def default_files() -> tuple[Path, ...]:
    """The files that are read where they exist; what a later one says holds."""
    user = paths.config_folder() / "satellite.toml"
    return (SYSTEM_FILE, user)


def load(
    *,
    flags: Mapping[str, Given] | None = None,
    pairs: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    files: Iterable[Path] | None = None,
) -> Configuration:
    """Read and check the configuration.

    `flags` are texts by path, `pairs` the KEY=VALUE of `--set`, `environment` is the process's by
    default. A `file` that is named must exist and is then the only one; else `files` are read where
    they exist. Raises `ConfigError` with every problem of every layer.
    """
    candidates = default_files() if files is None else tuple(files)
    found = (
        {file: layers.from_file(file, required=True)}
        if file is not None
        else {path: layers.from_file(path, required=False) for path in candidates}
    )
    read = {path: layer for path, layer in found.items() if layer is not None}
    stack = [
        *read.values(),
        layers.from_environment(os.environ if environment is None else environment),
        layers.from_pairs(pairs),
        layers.from_flags(flags or {}),
    ]
    problems = [problem for layer in stack for problem in layer.problems]
    values: dict[str, Given] = {}
    for layer in stack:
        values |= layer.values
    settings = build({path: entry.value for path, entry in values.items()})
    if not settings.name:
        settings = msgspec.structs.replace(settings, name=host_name())
    every = [*keys()]
    for table, kind in tables_of(values).items():
        every += [f"{table}.{name}" for name in kind.__struct_fields__]
    origins = {path: values[path].origin if path in values else DEFAULT for path in every}
    problems += checks.problems(settings, origins)
    if problems:
        raise ConfigError(problems)
    return Configuration(settings, origins, tuple(read))


def host_name() -> str:
    """This machine's name without its domain."""
    return socket.gethostname().partition(".")[0] or "satellite"
