"""Checks of style, types and import layers, as part of the test run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],  # its cache misses added files
    ],
    ids=" ".join,
)
def test_the_tree_is_clean(command: list[str]) -> None:
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program if program.exists() else command[0], *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr


_PROMISES = "satellite/conformance"
"""Its messages are for authors of plugins: they show what a plugin returned as Python has it."""


def _python_forms(path: Path) -> Iterator[str]:
    """Yield the places where a file puts the Python form of a value into a text."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FormattedValue(conversion=conversion) if conversion in (ord("r"), ord("a")):
                yield f"{path}:{node.lineno}: !{chr(conversion)}"
            case ast.Constant(value=str(text)) if re.search(r"%[-.\d]*[ra](?!\w)", text):
                yield f"{path}:{node.lineno}: {text}"
            case ast.Call(func=ast.Name(id="repr" | "ascii")):
                yield f"{path}:{node.lineno}: {node.func.id}()"


def test_messages_quote_values_by_one_helper() -> None:
    files = [file for room in ("satellite", "servers") for file in (ROOT / room).rglob("*.py")]
    found = [
        place
        for file in files
        if not file.is_relative_to(ROOT / _PROMISES)
        for place in _python_forms(file)
    ]
    assert len(files) > 300
    assert not found, "use satellite.text.quoted:\n" + "\n".join(found)


def test_a_python_form_in_a_message_is_found(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text('f"{a!r:.4}"; f"{a}%"; log("%.40r", a); repr(a); "100% ready"\n')
    assert len(list(_python_forms(file))) == 3
