"""Input and output of commands: a text from the command line; tables, prose and JSON.

A terminal breaks lines wherever they reach its edge, so that they are broken between words here.
Files and pipes get one line for each row and each message.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

import click
import msgspec

from satellite.text.printable import printable, printable_json, printable_lines
from satellite.text.whole_number import whole_number

GAP = 2
"""Spaces between two columns."""

NARROWEST = 12
"""Characters below which a column is not made narrower, even if its words are shorter."""


def read_text(words: Sequence[str]) -> str:
    """Return the words as one text, or standard input for the single word `-`.

    Raises `click.UsageError` for an empty text.
    """
    text = sys.stdin.read() if tuple(words) == ("-",) else " ".join(words)
    if not text.strip():
        raise click.UsageError("the text is empty")
    return text.strip()


def columns(stream: TextIO | None = None) -> int | None:
    """Return the width of a stream's terminal, by default standard output's; None for no terminal.

    COLUMNS in the environment goes before the terminal's own width, as in other programs.
    """
    try:
        width = os.get_terminal_size((sys.stdout if stream is None else stream).fileno()).columns
    except (OSError, ValueError):
        return None
    return whole_number(os.environ.get("COLUMNS", "")) or width or None


def wrapped(text: str, width: int | None, *, indent: str = "", later: str = "") -> str:
    """Break a text between words into lines of at most `width` characters, if one is given.

    `indent` goes before each line of the text, and `later` before what continues one; without
    `later` it is continued where it began. A word that is longer than a line has a line of its own.
    """
    lines = [indent + line for line in text.split("\n")]
    return "\n".join(line if width is None else _wrapped(line, width, later) for line in lines)


def _wrapped(line: str, width: int, later: str) -> str:
    return textwrap.fill(
        line,
        width,
        subsequent_indent=later or line[: len(line) - len(line.lstrip())],
        break_long_words=False,
        break_on_hyphens=False,
    )


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text, whose lines are cleaned of what a terminal would obey.

    Everything that commands print goes through here, as it may hold names of other machines.
    """
    click.echo(printable_lines(text), err=err, nl=nl)


def print_text(text: str, *, err: bool = False, later: str = "") -> None:
    """Print a text, broken between words at a terminal."""
    width = columns(sys.stderr if err else sys.stdout)
    echo(wrapped(printable_lines(text), width, later=later), err=err)


def print_table(
    rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), indent: str = ""
) -> None:
    """Print a table as wide as the terminal at most."""
    echo(table(rows, header=header, indent=indent, width=columns()))


def table(
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str] = (),
    indent: str = "",
    width: int | None = None,
) -> str:
    """Lay out rows in columns as wide as their longest cell; the last one is not padded.

    Columns that do not fit into `width` are made narrower, and their cells broken between words.
    Where even their words are too wide, each row becomes a block of lines, named by the header.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    lines = [header, *rows] if header else list(rows)
    if not lines:
        return ""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if width is not None:
        room = width - len(indent) - GAP * (len(widths) - 1)
        widths = _narrowed(widths, [_longest_word(c) for c in zip(*lines, strict=True)], room)
        if header and rows and sum(widths) > room:
            return "\n\n".join(_block(row, header, indent, width) for row in rows)
    return "\n".join(line for row in lines for line in _laid_out(row, widths, indent))


def _laid_out(row: Sequence[str], widths: Sequence[int], indent: str) -> list[str]:
    """Return the lines of one row: as many as its highest cell has."""
    cells = [
        [cell] if len(cell) <= width else wrapped(cell, max(width, 1)).splitlines()
        for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, cells))
    return [
        (
            indent
            + (" " * GAP).join(
                (cell[number] if number < len(cell) else "").ljust(width)
                for cell, width in zip(cells, widths, strict=True)
            )
        ).rstrip()
        for number in range(height)
    ]


def _block(row: Sequence[str], header: Sequence[str], indent: str, width: int) -> str:
    """Return a row as lines of name and cell, empty cells left out."""
    column = max(map(len, header))
    later = indent + " " * (column + GAP)
    return "\n".join(
        wrapped(f"{name:<{column}}{' ' * GAP}{cell}", width, indent=indent, later=later)
        for name, cell in zip(header, row, strict=True)
        if cell
    )


def _narrowed(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Take from the widest column that can give, until all fit or none can."""
    narrowed = list(widths)
    while sum(narrowed) > room:
        able = [
            number
            for number, (width, word) in enumerate(zip(narrowed, least, strict=True))
            if width > max(word, NARROWEST)
        ]
        if not able:
            break
        narrowed[max(able, key=lambda number: narrowed[number])] -= 1
    return narrowed


def _longest_word(cells: Sequence[str]) -> int:
    return max((len(word) for cell in cells for word in cell.split()), default=0)


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 turn`, `2 turns`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    encoded = msgspec.json.format(msgspec.json.encode(value))
    click.echo(printable_json(encoded).decode())
