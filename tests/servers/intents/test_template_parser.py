"""Templates parsed here are those that hassil parses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hassil.expression import Expression, Group, Sentence, TextChunk
from hassil.intents import Intents
from hassil.parse_expression import parse_sentence

from satellite.languages import pack
from servers.intents.template_parser import TemplateParser, intents_of

ODD = (
    *("", " ", "()", "[]", "a", " a  b ", "(a)", "[a]", "((a|b))", "a[ b]", "[a ]b", "(a;b;c)"),
    *("[(a|b)]", "[a|b]", "a (b|c|) d", "{x}", "{x}s", "{x} s", "[{x:y}]", "{ x }", "<r>"),
    *(r"\(a\)", r"a\|b", "a|b", "a;b", "a|(b;c)", "{0-100}", "{@x}", "{x:@y} z", "<r>{x}"),
    *("a(b", "a)b", "a[b", "a]", "{x", "<r", "a|b;c", "{a{b}}", "(a|b)(c|d)", "[a;b]", "a\tb"),
    *("a\nb", "{x}\u3000y", "e\u0301t\u00e9 (a)", "你好", "l\u2019eau"),
)


@pytest.mark.parametrize("text", ODD)
def test_a_template_is_parsed_as_by_hassil(text: str) -> None:
    parser = TemplateParser()
    try:
        expected = parse_sentence(text, keep_text=True)
    except Exception as error:
        with pytest.raises(type(error)):
            parser.sentence(text)
        return
    assert tree(parser.sentence(text)) == tree(expected)


@pytest.mark.parametrize("language", ["de", "ja"])
def test_all_templates_of_a_pack_are_parsed_as_by_hassil(language: str) -> None:
    parser = TemplateParser()
    for text in templates(pack.pack(language).part("sentences")):
        assert tree(parser.sentence(text)) == tree(parse_sentence(text, keep_text=True)), text


@pytest.mark.parametrize("language", ["fr", "zh-CN"])
def test_a_file_of_the_package_has_the_intents_that_hassil_finds(language: str) -> None:
    file = files("home_assistant_intents") / "data" / f"{language}.json"
    content = json.loads(file.read_text("utf-8"))
    expected, found = Intents.from_dict(content), intents_of(content)
    assert found.expansion_rules.keys() == expected.expansion_rules.keys()
    assert found.slot_lists.keys() == expected.slot_lists.keys()
    for name, rule in expected.expansion_rules.items():
        assert tree(found.expansion_rules[name]) == tree(rule)
    assert found.intents.keys() == expected.intents.keys()
    for name, intent in expected.intents.items():
        for data, other in zip(intent.data, found.intents[name].data, strict=True):
            assert [s.text for s in other.sentences] == [s.text for s in data.sentences]
            assert [tree(s) for s in other.sentences] == [tree(s) for s in data.sentences]


def test_equal_groups_are_one_object() -> None:
    parser = TemplateParser()
    first, second = parser.sentence("a [b|c]"), parser.sentence("d [b|c]")
    assert isinstance(first.expression, Group)
    assert isinstance(second.expression, Group)
    assert first.expression.items[1] is second.expression.items[1]


def templates(part: dict[str, Any]) -> Iterator[str]:
    yield from part["expansion_rules"].values()
    for intent in part["intents"].values():
        for block in intent["data"]:
            yield from block["sentences"]


def tree(item: Sentence | Expression) -> Any:
    """Return an expression as nested tuples; of the parent of a text, whether it has one."""
    if isinstance(item, Sentence):
        return item.text, tree(item.expression)
    if isinstance(item, Group):
        optional = getattr(item, "is_optional", False)
        return type(item).__name__, optional, tuple(tree(inner) for inner in item.items)
    if isinstance(item, TextChunk):
        return item.text, item.original_text, item.parent is None
    inline = str(item.get_inline_range()) if hasattr(item, "get_inline_range") else ""
    return type(item).__name__, inline, str(dataclasses.replace(item))
