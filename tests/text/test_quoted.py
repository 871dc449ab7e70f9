"""Values and reasons in messages: plain, and safe in a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("it's", '"it\'s"'),
        ("C:\\x", '"C:\\x"'),
        ("a\x1b[31m\nb", '"a\\x1b[31m\\nb"'),
        ("straße", '"straße"'),
        (True, "true"),
        (0.5, "0.5"),
        (("a", "b"), '["a","b"]'),
        ({"n": None}, '{"n":null}'),
        (Path("/x"), '"/x"'),
    ],
)
def test_values_are_quoted_as_people_write_them(value: object, shown: str) -> None:
    assert quoted(value) == shown


def test_a_long_value_is_cut() -> None:
    assert quoted("abcdef", 4) == '"abc…"'
    assert quoted(["abcdef"], 4) == '["a…'
    assert quoted("abcd", 4) == '"abcd"'


def test_a_reason_has_neither_number_nor_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        (tmp_path / "x").read_text()
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError) as binary:
        (tmp_path / "x").read_text(encoding="utf-8")
    assert reason_of(missing.value) == "No such file or directory"
    assert reason_of(binary.value) == "it is not UTF-8 text"
    assert reason_of(ValueError("two\n lines")) == "two lines"
    assert reason_of(KeyError("x")) == 'there is no "x"'
    assert reason_of(OSError("[Errno -2] Name or service not known")) == "Name or service not known"
    assert reason_of(OSError(111, "Connect call failed ('::1', 9)")) == "Connection refused"
    several = OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 9)")
    assert reason_of(several) == "none of its addresses could be connected to"
    assert reason_of(TimeoutError()) == "TimeoutError"
