"""Tool definitions of servers, reduced to what brains take."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.net.mcp.foreign_text import LONGEST, result, visible
from satellite.net.mcp.schemas import DEPTH, Unusable, definition


def tool(schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": "t", "inputSchema": schema, **more}


def test_a_schema_is_reduced_to_what_models_use() -> None:
    found = definition(
        tool(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "title": "Arguments",
                "additionalProperties": False,
                "properties": {
                    "city": {"type": "string", "minLength": 1, "description": "A\ncity\u202e."},
                    "days": {"anyOf": [{"type": "null"}, {"type": "integer"}], "default": None},
                    "unit": {"enum": ["C", "F", None]},
                    "where": {"$ref": "#/$defs/Where", "description": "Where it is"},
                    "words": {"type": ["array", "null"], "items": {"type": "string"}},
                    "any": True,
                },
                "required": ["city", "planet", 5],
                "$defs": {"Where": {"type": "object", "properties": {"x": {"const": 1}}}},
            }
        )
    )
    assert found.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "A city."},
            "days": {"type": "integer"},
            "unit": {"enum": ["C", "F"]},
            "where": {
                "type": "object",
                "description": "Where it is",
                "properties": {"x": {"enum": [1]}},
            },
            "words": {"type": "array", "items": {"type": "string"}},
            "any": {},
        },
        "required": ["city"],
    }
    assert found.doc == "t"


@pytest.mark.parametrize(
    ("annotations", "effect"),
    [
        (None, True),
        ({}, True),
        ({"readOnlyHint": False}, True),
        ({"readOnlyHint": "true"}, True),
        ({"readOnlyHint": True}, False),
        (["readOnlyHint"], True),
    ],
)
def test_a_tool_has_an_effect_unless_it_says_otherwise(annotations: Any, effect: bool) -> None:
    assert definition(tool({"type": "object"}, annotations=annotations)).effect is effect


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


RECURSIVE = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/T"}},
    "$defs": {"T": {"type": "object", "properties": {"b": {"$ref": "#/$defs/T"}}}},
}
BOMB = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/d5"}},
    "$defs": {
        "d0": {"type": "string"},
        **{
            f"d{n}": {
                "type": "object",
                "properties": {k: {"$ref": f"#/$defs/d{n - 1}"} for k in "abcdefghij"},
            }
            for n in range(1, 6)
        },
    },
}
WIDE = {"type": "object", "properties": {f"a{n}": {} for n in range(33)}}
LONG = {
    "type": "object",
    "properties": {f"a{n}": {"enum": [f"{m}{'x' * 90}" for m in range(50)]} for n in range(5)},
}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (nested(DEPTH + 1), "nested"),
        (RECURSIVE, "nested"),
        (BOMB, "parts"),
        (WIDE, "arguments"),
        (LONG, "larger"),
        ({"type": "array"}, "no object"),
        ({"type": "rocket"}, "unknown type"),
        ({"type": "object", "properties": []}, "no object"),
        ({"type": "object", "properties": {"\u202e": {}}}, "name"),
        ({"type": "object", "properties": {"a": 5}}, "malformed"),
        ({"$ref": "#/missing"}, "missing"),
        ({"$ref": 5}, "another document"),
        (None, "no schema"),
    ],
)
def test_a_schema_beyond_the_bounds_is_unusable(schema: Any, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        definition(tool(schema))


def test_the_deepest_schema_is_taken() -> None:
    assert definition(tool(nested(DEPTH))).parameters["properties"]["a"]["type"] == "object"


def test_results_are_texts_of_bounded_length() -> None:
    parts = [
        {"type": "text", "text": "one"},
        {"type": "audio", "mimeType": "audio/wav", "data": "x" * 10**6},
        {"type": "resource", "resource": {"uri": "a://b", "text": "two"}},
        {"type": "resource_link", "uri": "a://b", "name": "a page"},
        {"type": "text", "text": 5},
        "three",
    ]
    found = result({"content": parts, "isError": True})
    assert found.text.splitlines() == [
        "one",
        "[audio audio/wav, not shown]",
        "two",
        "[resource_link a page, not shown]",
        "[text, not shown]",
        "[something unknown, not shown]",
    ]
    assert found.failed
    assert len(result({"content": [{"type": "text", "text": "x" * 10**6}] * 9}).text) == LONGEST
    assert result({"content": [], "structuredContent": {"a": 1}}).text == '{"a": 1}'
    assert result({"content": "x"}).text == ""
    assert result(None).failed


def test_invisible_characters_are_removed() -> None:
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "unlock")
    assert visible(f"a{hidden}\u202eb\u200b\x1b[31m\x00\ud800c\td\n\n\n\ne") == "ab[31mc\td\n\ne"
    assert visible("नमस्ते \u200d 天气 café") == "नमस्ते \u200d 天气 café"
