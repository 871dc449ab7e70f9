"""YAML files that people write: what is too much, or nothing that a program can use."""

from __future__ import annotations

import pytest

from satellite.lib.yaml_files import DEEPEST, LARGEST, MOST, parse
from tests.soak.fuzz_files import BOMB

MERGED = "\n".join(
    ["a0: &a0 {k0: 1}"]
    + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}" for n in range(1, 9)]
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        f"- {BOMB}".replace("\n", "\n  "),
        MERGED,
        "a: &a [*a]",
        "&a [*a]",
        "a: &a {b: *a}",
        "[" * 100_000,
        "a: " + "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2),
        "a: " + "1:" * 50_000 + "0.5",
        "x: [" + "1," * (MOST + 1) + "]",
        "x: " + "1" * LARGEST,
        "a: 2020-13-01",
        "- 1",
        "",
        "\x00",
    ],
)
def test_what_cannot_be_used_is_one_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not YAML|has no keys|more than"):
        parse(text.encode())


def test_anchors_and_merged_keys_work() -> None:
    text = "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n"
    assert parse(text.encode()) == {
        "a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}, {"x": 1}],
    }  # fmt: skip
