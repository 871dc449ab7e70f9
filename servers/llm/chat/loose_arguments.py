"""Reads the arguments of a call that are no JSON: `minutes=5, name: tea`, or lines of YAML."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from satellite.lib.decoding import Undecodable, from_json
from servers.llm.chat.client import call_arguments

_NOTHING = ("", "none", "null", "n/a", "()")
_BARE_KEY = re.compile(r"([{,]\s{0,40})([A-Za-z_]\w{0,60})\s{0,40}:")
"""A key without quotes."""
_BARE_VALUE = re.compile(
    r":\s{0,40}(?!(?:true|false|null|True|False|None)\b)([A-Za-z_][\w.-]{0,60})\s{0,40}(?=[,}\]])"
)
_FLAG = re.compile(r"\s{1,20}--(?=[A-Za-z])")
_PAIR = re.compile(
    r"\s*(?:[-*•]\s+)?(?:--)?[`\"']?(?P<key>[A-Za-z_][\w-]{0,60})[`\"']?"
    r"(?:[ \t]*(?:=>|[=:])|(?P<space>[ ]))[ \t]*"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^,;\n]*)\s*(?:[,;\n]|\Z)"
)
"""One argument; behind `--minutes`, a space is enough."""


def value_of(text: str) -> Any:
    """Return a written value: JSON, a Python literal, or the text itself."""
    text = text.strip()
    try:
        return from_json(text)
    except Undecodable:
        pass
    if text[:1] in ("'", "[", "{", "(") or text in ("True", "False", "None"):
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return text
    return text


def decoded(text: str) -> Any:
    """Return an object or array in the spelling of JSON, Python or JavaScript; None for others."""
    text = re.sub("[“”„]", '"', text) if "“" in text and '"' not in text else text
    value: Any = None
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        keyed = _BARE_KEY.sub(r'\1"\2":', text)
        for written in (text, keyed, _BARE_VALUE.sub(r':"\1"', keyed)):
            try:
                value = ast.literal_eval(written)
                break
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
    return value if isinstance(value, dict | list) and value else None


def loose_arguments(text: str) -> Mapping[str, Any]:
    """Return arguments in any spelling; what is none of them becomes one that no tool has."""
    text = text.strip().strip("`").strip()
    if text.lower() in _NOTHING or not text.strip("() \n"):
        return {}
    if text[0] == "(" and text[-1] == ")":
        text = text[1:-1].strip()
    if text[0] in "{[" and (value := decoded(text)) is not None:
        return call_arguments(value)
    if (pairs := pairs_of(text)) is not None:
        return pairs
    return call_arguments(text)


def pairs_of(text: str) -> dict[str, Any] | None:
    """Return the arguments that a text consists of; None if it is anything else."""
    found: dict[str, Any] = {}
    at = 0
    text = _FLAG.sub(", --", text.strip())
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None or (pair["space"] and "--" not in pair.group()):
            return None
        if pair["value"]:  # a key alone introduces the lines below it
            found[pair["key"]] = value_of(pair["value"])
        at = pair.end()
    return found
