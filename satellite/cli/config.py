"""`satellite config`: every setting, its value, and the origin of the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json
from satellite.config.keys import Key

LONGEST = 60
"""Characters of a list on one line, which leaves room for its origin."""


@command.command()
@flags.common
@flags.as_json
@click.pass_context
def config(context: click.Context) -> None:
    """Print every setting with the origin of its value.

    The output is itself a valid configuration file.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    effective = invocation.configuration().effective()
    if invocation.json:
        rows = [
            {"key": key.path, "value": value, "unit": key.info.unit, "origin": origin}
            for key, value, origin in effective
        ]
        print_json(rows)
    else:
        echo("\n".join(as_toml(effective)))


def as_toml(effective: list[tuple[Key, Any, str]]) -> Iterator[str]:
    """Write settings as a TOML file with the origin of each as a comment.

    A list that is longer than a line has one line for each item.
    """
    table = ""
    for key, value, origin in effective:
        if key.table != table:
            table = key.table
            yield f"\n[{table}]"
        # TOML has no word for a value that is not set
        unset = value is None
        setting = f"# {key.info.name} =" if unset else f"{key.info.name} = {toml_value(value)}"
        unit = f"{key.info.unit}, " if key.info.unit else ""
        if isinstance(value, list | tuple) and len(setting) > LONGEST:
            yield f"{f'{key.info.name} = [':<32} # {unit}{origin}"
            yield from (f"    {toml_value(item)}," for item in value)
            yield "]"
        else:
            yield f"{setting:<32} # {unit}{origin}"


def toml_value(value: Any) -> str:
    """Write a text, number, truth value or list as TOML (JSON except for one character)."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
