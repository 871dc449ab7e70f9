"""What must be nowhere in the program: a shell, code made of text, and secrets on command lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(file for top in ("satellite", "servers") for file in (ROOT / top).rglob("*.py"))

FORBIDDEN = {
    "os.system", "os.popen", "os.execl", "os.execlp", "os.spawnl", "os.spawnlp",
    "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "commands.getoutput", "pty.spawn", "eval", "exec", "pickle.load", "pickle.loads",
    "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "tempfile.mktemp", "ssl._create_unverified_context", "random.SystemRandom",
}  # fmt: skip
"""Calls that run text, or read what can run when it is read, or leave a door open."""
SAFE = ("loader", "yaml.SafeLoader", "yaml.CSafeLoader")
"""What YAML may be read with: `loader` is the faster of the other two."""


def dotted(node: ast.expr) -> str:
    """A function as it is written: `os.path.join`."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def _loader(call: ast.Call) -> str:
    """What YAML is read with."""
    given = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "Loader")]
    return dotted(given[0]) if given else ""


def imported(tree: ast.Module) -> dict[str, str]:
    """What names stand for: `from os import system as s` is {"s": "os.system"}."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname: a.name for a in node.names if a.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def offences(text: str) -> Iterator[str]:
    """Every forbidden call of a file, with its line."""
    tree = ast.parse(text)
    names = imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        head, _, rest = dotted(node.func).partition(".")
        called = ".".join(filter(None, (names.get(head, head), rest)))
        if called in FORBIDDEN and not (called == "yaml.load" and _loader(node) in SAFE):
            yield f"{node.lineno}: {called}"
        for keyword in node.keywords:
            value = keyword.value
            if keyword.arg == "shell" and not (
                isinstance(value, ast.Constant) and value.value is False
            ):
                yield f"{node.lineno}: shell="


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_shell_and_no_code_made_of_text(file: Path) -> None:
    assert list(offences(file.read_text())) == []


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.system('ls')",
        "from os import system as run\nrun('ls')",
        "import subprocess as sp\nsp.run('ls', shell=True)",
        "import subprocess\nsubprocess.Popen('ls', shell=chosen)",
        "import asyncio\nasyncio.create_subprocess_shell('ls')",
        "eval('1')",
        "import yaml\nyaml.load(text)",
        "import yaml\nyaml.load(text, yaml.Loader)",
    ],
)
def test_each_way_to_a_shell_is_seen(text: str) -> None:
    assert len(list(offences(text))) == 1


def test_what_is_harmless_is_not_taken_for_one() -> None:
    text = "import subprocess, yaml\nsubprocess.run(['ls'], shell=False)\nyaml.safe_load('a')"
    assert list(offences(text)) == []
