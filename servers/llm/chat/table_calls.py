"""Reads tool calls that are written as the rows of a Markdown table.

Such a table has a column of tools, and one of arguments, or one for each argument:

    | Tool | Arguments |
    | --- | --- |
    | start_timer | {"minutes": 5} |

A table that describes tools has text in place of values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from servers.llm.chat.client import ToolCall
from servers.llm.chat.loose_arguments import decoded, loose_arguments, pairs_of, value_of
from servers.llm.chat.tool_names import ARGUMENTS, TOOL_LABELS, canonical, is_distinct

_RULE = re.compile(r"[|\s:-]*-[|\s:-]*\Z")
_VALUE = re.compile(r"[-+]?\d[\d.:]*|true|false|\"[^\"]*\"|'[^']*'", re.IGNORECASE)
_ARGUMENTS = frozenset(map(canonical, ARGUMENTS))
_LONGEST_CELL = 80
"""Most characters of the name of a column or tool."""


def begins_table(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether a table of calls begins at an index; None if more text decides."""
    *lines, last = text[at:].split("\n")
    rows = [_cells(line) for line in lines if not _RULE.match(line)]
    if not lines:
        return _may_begin(last, tools)
    heads, values = (rows[0], rows[1:]) if rows and _is_head(rows[0]) else ([], rows)
    if not values:
        return None if last.startswith("|") or not last else False
    return _call(heads, values[0], tools) is not None


def end_of_table(text: str, at: int) -> int | None:
    """Return the index behind the last row of a table with which a text begins, from an index
    behind one of its lines on; None while more rows may follow."""
    line = text.find("\n", at)
    while line >= 0:
        if line + 1 == len(text):
            return None
        if text[line + 1] != "|":
            return line
        line = text.find("\n", line + 1)
    return None


def table_calls(text: str, tools: Collection[str]) -> Iterator[ToolCall]:
    """Yield the calls of a passage that is a table."""
    lines = [line for line in text.strip().split("\n") if line.startswith("|")]
    rows = [_cells(line) for line in lines if not _RULE.match(line)]
    heads = rows.pop(0) if rows and _is_head(rows[0]) else []
    for row in rows:
        if call := _call(heads, row, tools):
            yield call


def _may_begin(line: str, tools: Collection[str]) -> bool | None:
    """Return None if the beginning of a first line may be a row of calls or its head."""
    if not line.strip("|-: \t"):
        return None
    name, bar, _ = line.lstrip("| \t").partition("|")
    known = canonical(name)
    if len(name) > _LONGEST_CELL:
        return False
    words = (*TOOL_LABELS, *tools)
    if bar:
        return None if known in words else False
    return None if any(word.startswith(known) for word in words) else False


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`*").strip() for cell in line.strip().strip("|").split("|")]


def _is_head(cells: Sequence[str]) -> bool:
    return canonical(cells[0]) in TOOL_LABELS


def _call(heads: Sequence[str], cells: Sequence[str], tools: Collection[str]) -> ToolCall | None:
    name, *values = cells
    if canonical(name) not in tools or not (heads or is_distinct(name)):
        return None
    arguments: dict[str, Any] = {}
    for number, value in enumerate(values, 1):
        head = heads[number] if number < len(heads) else ""
        read = _arguments(value) if not head or canonical(head) in _ARGUMENTS else None
        if read is not None:
            arguments.update(read)
        elif head and _VALUE.fullmatch(value):
            arguments[head] = value_of(value)
        elif value:
            return None
    return ToolCall(name, arguments) if arguments or heads else None


def _arguments(cell: str) -> Mapping[str, Any] | None:
    if not cell or canonical(cell) in ("", "none"):
        return {}
    if cell[0] == "{" and decoded(cell) is not None:
        return loose_arguments(cell)
    return pairs_of(cell) if re.match(r"[a-z_]\w*\s?[=:]\s?[\w\"'+-]", cell) else None
