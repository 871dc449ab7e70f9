"""No module of the product has state that programs in one process would share."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CHANGING = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
    *("popleft", "remove", "setdefault", "update"),
}
"""Methods by which the containers of Python are changed."""

FACTS_OF_THE_PROCESS = {"satellite/builtin/wake/tflite.py": {"_LOADED"}}
"""Names that may change: a shared library is loaded into the process, whichever program asks."""


def modules() -> list[Path]:
    return sorted(path for room in ("satellite", "servers") for path in (ROOT / room).rglob("*.py"))


def module_names(tree: ast.Module) -> set[str]:
    """The names that a module binds to values (not to functions, classes or modules)."""
    names: set[str] = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def own_names(function: ast.AST) -> set[str]:
    """The names that a function binds itself, by which it hides those of the module."""
    return {
        node.arg if isinstance(node, ast.arg) else node.id
        for node in ast.walk(function)
        if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and _binds(node))
    }


def _binds(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def changed_names(function: ast.AST) -> Iterator[tuple[int, str]]:
    """The names of containers that a function changes, with the lines."""
    for node in ast.walk(function):
        owner: object = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value if node.func.attr in CHANGING else None
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            owner = node.value
        if isinstance(owner, ast.Name):
            yield owner.lineno, owner.id


def shared_state(source: str, allowed: Collection[str] = ()) -> list[str]:
    """What a module's functions change that outlives them; nothing where all is well."""
    tree = ast.parse(source)
    names, problems = module_names(tree) - set(allowed), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            problems.append(f"line {node.lineno}: global {', '.join(node.names)}")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            shared = names - own_names(node)
            problems += [
                f"line {line}: {name} is changed"
                for line, name in changed_names(node)
                if name in shared
            ]
    return problems


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_changes_what_a_module_holds(path: Path) -> None:
    allowed = FACTS_OF_THE_PROCESS.get(str(path.relative_to(ROOT)), ())
    assert shared_state(path.read_text(), allowed) == []


@pytest.mark.parametrize(
    "source",
    [
        "seen = set()\ndef note(x):\n    seen.add(x)",
        "chosen = None\ndef use(x):\n    global chosen\n    chosen = x",
        "table = {}\ndef put(x):\n    table[x] = 1",
        "table = {}\nclass Box:\n    async def put(self, x):\n        del table[x]",
        "state = State()\ndef put(x):\n    state.value = x",
    ],
)
def test_shared_state_is_found(source: str) -> None:
    assert shared_state(source)


def test_a_function_may_change_its_own_names() -> None:
    assert shared_state("seen = ()\ndef note(x):\n    seen = set()\n    seen.add(x)") == []
