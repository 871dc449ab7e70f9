"""Tables for people: aligned columns of plain text."""

from __future__ import annotations

from collections.abc import Sequence


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
