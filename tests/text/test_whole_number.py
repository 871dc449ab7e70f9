"""Numbers of other machines and of people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satellite.text.whole_number import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("10800", 10800), ("007", 7), ("9" * 18, 10**18 - 1)],
)
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1\n", "1_0", "1.0", "\u00b2", "\u0661", "\uff11", "x", "9" * 19]
)
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_no_digit_is_read_that_int_refuses() -> None:
    """`str.isdigit` is true for "²"."""
    root = Path(__file__).parents[2]
    risky = re.compile(r"\.isdigit\(\).*\bint\(|\bint\(.*\.isdigit\(\)")
    assert not [
        f"{path.relative_to(root)}: {line.strip()}"
        for folder in ("satellite", "servers")
        for path in (root / folder).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if risky.search(line)
    ]
