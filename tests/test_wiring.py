"""The composition root makes parts and changes none of them afterwards."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from satellite import app

CODE = ast.parse(Path(app.__file__).read_text())


def attributes_set(tree: ast.AST) -> list[ast.Attribute]:
    """The attributes that are assigned, annotated, deleted, bound by `with` or `for`, or set by
    `setattr`."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    return found + [
        ast.Attribute(node.args[0], ast.unparse(node.args[1]), ast.Store())
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "delattr")
    ]


def strangers(tree: ast.AST) -> list[str]:
    """The attributes of other objects than `self` that are set."""
    return [ast.unparse(node) for node in attributes_set(tree) if ast.unparse(node.value) != "self"]


def test_no_attribute_of_another_object_is_set() -> None:
    assert strangers(CODE) == []


@pytest.mark.parametrize(
    "code",
    [
        "playback.tap = reference",
        "self._playback.tap = reference",
        "a = listener.attentive = look",
        "controls.more, b = facts, 1",
        "with x as home.announcer: pass",
        "setattr(hooks, 'x', 1)",
    ],
)
def test_the_check_finds_attributes_of_other_objects(code: str) -> None:
    assert len(strangers(ast.parse(code))) == 1


def test_every_field_but_the_wake_words_is_set_once() -> None:
    """Wake words are read again when the settings are."""
    names = [node.attr for node in attributes_set(CODE)]
    assert {name for name in names if names.count(name) > 1} == {"_words"}


def test_steps_use_only_what_earlier_steps_have_made() -> None:
    """Callbacks that run later, such as `_adopt`, may use everything."""
    (satellite,) = [node for node in CODE.body if isinstance(node, ast.ClassDef)]
    methods = {
        m.name: m for m in satellite.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    steps = [
        call.func.attr
        for call in sorted(
            (node for node in ast.walk(methods["run"]) if isinstance(node, ast.Call)),
            key=lambda call: call.lineno,
        )
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "self"
    ]
    known: set[str] = set(methods)
    for step in ["__init__", *steps]:
        ours = [
            node
            for node in ast.walk(methods[step])
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
        ]
        # within a line, values are read before targets are set
        for node in sorted(ours, key=lambda n: (n.lineno, isinstance(n.ctx, ast.Store))):
            if isinstance(node.ctx, ast.Store):
                known.add(node.attr)
            else:
                assert node.attr in known, node.attr
    assert len(steps) == 8
