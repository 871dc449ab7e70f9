"""Whole numbers in texts of other machines and of people."""

from __future__ import annotations

_MOST = 18
"""Digits: `int` refuses texts of thousands, and no number here has more."""


def whole_number(text: str) -> int | None:
    """Return the number that a text of the digits 0 to 9 is, at most 18 of them; None for others.

    `str.isdigit` is true for digits that `int` does not read, as in "m²".
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST else None
