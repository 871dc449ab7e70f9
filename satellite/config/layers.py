"""The layers of a configuration: flags, environment, files; each a list of values with an origin.

A layer is read to its end whatever is wrong in it, so that all problems are shown at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from satellite import options
from satellite.config import migration
from satellite.config.keys import PREFIX, find, groups, keys, tables, unknown
from satellite.lib import text_files
from satellite.lib.privileges import remedy
from satellite.text.quoted import quoted

COMMON_VARIABLES = ("SATELLITE_CONFIG", "SATELLITE_EVENTS", "SATELLITE_LOG_LEVEL")
"""Variables that set a common option of the command line and no setting."""

SECRET_VARIABLES = ("SATELLITE_HOME_TOKEN", "SATELLITE_HTTP_TOKEN")
"""Variables that hold a secret: no settings, so that no listing of settings shows them."""

_TOKEN_OF_SERVER = re.compile(r"^SATELLITE_MCP_[A-Z0-9_]+_TOKEN$")
"""Likewise, of the servers in the tables `mcp.NAME`."""

_ORCHESTRATOR = re.compile(r"^SATELLITE_(SERVICE_(HOST|PORT)|PORT$|PORT_\d)")
"""Variables that Kubernetes and Docker set beside a service called "satellite"."""

_EVENT = re.compile(r"^SATELLITE_(EVENT(_|$)|RUN$)")
"""Variables of the programs of a hook, which may run `satellite` too."""

_FOREIGN = (_TOKEN_OF_SERVER, _ORCHESTRATOR, _EVENT)
"""Variables that are no settings, and no mistakes."""


class Given(msgspec.Struct, frozen=True):
    """A value for a setting, and where it came from, as people would say it."""

    value: Any
    origin: str


class Layer(msgspec.Struct):
    """What one source says: values by path, and everything that is wrong with it."""

    values: dict[str, Given] = {}
    problems: list[str] = []

    def add(self, path: str, value: Any, origin: str, *, text: bool) -> None:
        """Take a value for a known path; note the problem when it is not of the right type."""
        key = find(path)
        assert key is not None
        try:
            self.values[path] = Given(options.read(value, key.kind, text=text), origin)
        except ValueError as error:
            self.problems.append(f"{origin}: {path} = {quoted(value)}: {error}")


def from_flags(flags: Mapping[str, Given]) -> Layer:
    """Read flags of their own, such as `--mic`: texts by path."""
    layer = Layer()
    for path, flag in flags.items():
        layer.add(path, flag.value, flag.origin, text=True)
    return layer


def from_pairs(pairs: Iterable[str]) -> Layer:
    """Read the KEY=VALUE of every `--set`; the last one wins."""
    layer = Layer()
    for pair in pairs:
        path, separator, value = (part.strip() for part in pair.partition("="))
        origin = f"flag --set {path}"
        if not separator:
            layer.problems.append(f"flag --set {quoted(pair)} is not KEY=VALUE")
        elif path in tables():
            layer.problems.append(f"{origin}: {_table_hint(path)}")
        elif find(path) is None:
            layer.problems.append(f"flag --set: {unknown(path, list(keys()))}")
        else:
            layer.add(path, value, origin, text=True)
    return layer


def from_environment(environment: Mapping[str, str]) -> Layer:
    """Read the `SATELLITE_…` variables."""
    layer = Layer()
    known = {key.environment: key.path for key in keys().values()}
    others = (*COMMON_VARIABLES, *SECRET_VARIABLES)
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        if path := known.get(name):
            layer.add(path, environment[name], f"environment {name}", text=True)
        elif name not in others and not any(known.match(name) for known in _FOREIGN):
            names = [*known, *others]
            layer.problems.append(f"environment: {unknown(name, names)}")
    return layer


def from_file(file: Path, *, required: bool) -> Layer | None:
    """Read a TOML file; None where it need not be there and is not."""
    layer = Layer()
    origin = f"file {file}"
    try:
        content = tomllib.loads(text_files.read_text(file))
    except (FileNotFoundError, NotADirectoryError):
        if not required:
            return None
        layer.problems.append(f"{origin}: there is no such file")
    except PermissionError as error:
        layer.problems.append(f"{origin}: cannot be read: {error.strerror}; {remedy(file)}")
    except OSError as error:
        layer.problems.append(f"{origin}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        layer.problems.append(f"{origin}: is not UTF-8 text (byte {error.start})")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        layer.problems.append(f"{origin}: is not TOML: {error}")
    else:
        _take(layer, content, origin)
    return layer


def _take(layer: Layer, content: dict[str, Any], origin: str) -> None:
    """Take what stands in a file, which may be of an older version."""
    try:
        migration.migrate(content)
    except ValueError as error:
        layer.problems.append(f"{origin}: {error}")
        return
    content.pop(migration.KEY, None)
    for path, value in _flatten(content):
        if find(path) is not None:
            layer.add(path, value, origin, text=False)
        elif path in tables():
            layer.problems.append(f"{origin}: {_table_hint(path)}")
        else:
            layer.problems.append(f"{origin}: {unknown(path, [*keys(), *tables()])}")


def _flatten(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if name in tables() and isinstance(value, dict):
            yield from ((f"{name}.{inner}", value) for inner, value in value.items())
        elif name in groups() and isinstance(value, dict):
            for chosen, table in value.items():
                if not isinstance(table, dict):
                    yield f"{name}.{chosen}", table
                    continue
                yield from ((f"{name}.{chosen}.{key}", inner) for key, inner in table.items())
        else:
            yield name, value


def _table_hint(table: str) -> str:
    inside = ", ".join(path for path in keys() if path.startswith(f"{table}."))
    return f"{table} is a table, not a value (it holds {inside})"
