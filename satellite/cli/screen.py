"""Input and output of commands: a text from the command line, tables and JSON for the screen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec


def read_text(words: Sequence[str]) -> str:
    """Return the words as one text, or standard input for the single word `-`.

    Raises `click.UsageError` for an empty text.
    """
    text = sys.stdin.read() if tuple(words) == ("-",) else " ".join(words)
    if not text.strip():
        raise click.UsageError("the text is empty")
    return text.strip()


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), indent: str = "") -> str:
    """Lay out rows in columns as wide as their longest cell; the last one is not padded."""
    lines = [header, *rows] if header else list(rows)
    if not lines:
        return ""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        (indent + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))).rstrip()
        for row in lines
    )


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
