"""The index of complaints names tests that exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
INDEX = Path(__file__).with_name("index.txt")


def complaints() -> dict[str, list[str]]:
    """Return the indented lines under each complaint."""
    found: dict[str, list[str]] = {}
    lines = INDEX.read_text("utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("# "))
    for line in lines[first:]:
        if line.startswith(" "):
            found[[*found][-1]].append(line.strip())
        elif line and not line.startswith("#"):
            assert line not in found, f"{line!r} stands there twice"
            found[line] = []
    return found


@cache
def names(file: str) -> frozenset[str]:
    """Return the tests of a file."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize(("complaint", "tests"), complaints().items())
def test_each_complaint_has_tests_that_exist_or_a_reason(complaint: str, tests: list[str]) -> None:
    assert tests, f"{complaint!r} has no test"
    if tests[0].startswith("(none: "):
        return
    for test in tests:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in names(file), f"tests/{file} has no {name}"


def test_every_file_of_this_folder_is_of_a_complaint() -> None:
    indexed = [test for tests in complaints().values() for test in tests]
    for file in Path(__file__).parent.glob("test_*.py"):
        known = any(test.startswith(f"complaints/{file.name}::") for test in indexed)
        assert known or file == Path(__file__), f"{file.name} is in no complaint's list"
