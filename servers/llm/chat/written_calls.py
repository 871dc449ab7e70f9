"""Reads tool calls that a model writes into its text, in place of the field `tool_calls`.

Models do so when their template has no tools, when Ollama does not know their format, or when they
are too small to follow it. The forms that are read:

- JSON: `{"name": …, "arguments" | "parameters" | …: {…} | "text" | null}`, several of these or an
  array, inside `function`, `tool_calls` and the like, or `{"start_timer": {…}}`; single quotes and
  missing closing brackets are mended
- Python: `start_timer(minutes=5)`, `[start_timer(minutes=5), get_time()]`, `print(api.get_time())`
- elements: `<function=start_timer>{…}</function>`, `<parameter=minutes>5</parameter>`,
  `<invoke name="start_timer">`, `<arg_key>minutes</arg_key><arg_value>5</arg_value>`
- a name before JSON: `start_timer{"minutes": 5}`, `start_timer[ARGS]{…}`, `functions.start_timer:0`
- a name and its input on two lines, as in ReAct: `start_timer`, `Action Input: {"minutes": 5}`
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from satellite.lib.decoding import Undecodable, from_json
from servers.llm.chat.call_bounds import (
    ARGUMENTS,
    NAME_AND_INPUT,
    NAMES,
    WRAPPERS,
    canonical,
    end_of_brackets,
)
from servers.llm.chat.client import ToolCall, call_arguments

LONGEST = 8192
"""Most characters of one written call; a longer one is dropped. 512 tokens, the longest answer by
default, have some 2000."""

_TOOL_NAMES = ("function", "tool", "tool_name", "function_name", "toolname")
"""Keys of a name that can only be a tool's."""
_CALL_TYPES = ("function", "tool", "functioncall", "toolcall", "tooluse")
"""Values of `type` that make an object a call, as `canonical` returns them."""
_ELEMENT = re.compile(
    r"<(?:function|invoke|tool)(?:=|\s+name\s*=\s*)[\"']?(?P<name>[\w.:/-]+)[\"']?\s*>"
    r"(?P<body>.*?)(?:</(?:function|invoke|tool)>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"<(?:parameter|param|arg)(?:=|\s+name\s*=\s*)[\"']?(?P<key>[\w.-]+)[\"']?[^>]*>"
    r"(?P<value>.*?)</(?:parameter|param|arg)>",
    re.DOTALL | re.IGNORECASE,
)
_KEY_VALUE = re.compile(
    r"<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL
)
_MARK = re.compile(
    r"<[|｜][^<>\n]{1,40}[|｜]>|\[/?[A-Z_]{3,20}\]|</?\w+>|\b(?:call|function):(?=\w)"
)
"""Marks between the parts of a call, such as <|tool_call_begin|> and [ARGS]."""
_COMMENT = re.compile(r"^[ \t]*(?:#|//).*\n?", re.MULTILINE)
_BARE_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*)\s*:")
"""A key without quotes."""
_NAMED = re.compile(r"(?P<name>[A-Za-z_][\w./-]*?)(?::\d+)?[\s:=`]*(?:json\s*)?(?=\{)")


def read_calls(text: str, tools: Collection[str], *, marked: bool) -> tuple[ToolCall, ...]:
    """Return the calls in a passage, without repetitions; none if it holds no call.

    Args:
        text: The passage, without the marks around it.
        tools: Canonical names of the tools.
        marked: Whether marks say that it is a call. Without these, an object needs arguments, or
            the name of a known tool.
    """
    found: list[ToolCall] = []
    for call in _calls(text[:LONGEST], tools, marked):
        if call not in found:
            found.append(call)
    return tuple(found)


def looks_like_a_call(text: str, tools: Collection[str]) -> bool:
    """Return whether a passage without calls is a broken one: it has the name of a tool as a value
    or function, and must not be spoken."""
    words = re.findall(r"[\"'](?:name|function|tool|tool_name)[\"']\s*:\s*[\"']([\w./-]+)", text)
    words += re.findall(r"\A[\s\[`]*(?:\w*\n)?([\w./]+)\(", text)
    return any(canonical(word) in tools for word in words)


def _calls(text: str, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    if elements := list(_ELEMENT.finditer(text)):
        for element in elements:
            yield ToolCall(element["name"], _element_arguments(element["body"]))
        return
    if pairs := list(_KEY_VALUE.finditer(text)):
        name = text[: pairs[0].start()].strip()
        yield ToolCall(name, {p["key"].strip(): _value(p["value"]) for p in pairs})
        return
    named_input = NAME_AND_INPUT.match(text)
    if named_input and canonical(named_input["name"]) in tools:
        written = text[named_input.end() :].strip().strip("`").strip()
        nothing = written.lower() in ("none", "null", "n/a")
        yield ToolCall(named_input["name"], call_arguments(None if nothing else written))
        return
    bare = _MARK.sub(" ", text.replace('<|"|>', '"'))  # Gemma's quotation mark
    if named := list(_named_calls(bare, tools, marked)):
        yield from named
        return
    values = list(_json_values(bare))
    for value in values:
        yield from _json_calls(value, tools, marked)
    if not values:
        yield from _python_calls(bare, tools, marked)


def _element_arguments(body: str) -> dict[str, Any]:
    if parameters := list(_PARAMETER.finditer(body)):
        return {p["key"]: _value(p["value"]) for p in parameters}
    values = list(_json_values(body))
    return dict(call_arguments(values[0])) if values else {}


def _value(text: str) -> Any:
    """Return a written value: JSON, or the text itself."""
    try:
        return from_json(text.strip())
    except Undecodable:
        return text.strip()


def _named_calls(text: str, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    """Yield calls that are a name before an object."""
    at = 0
    while found := _NAMED.search(text, at):
        before = text[at : found.start()].strip().strip("`").strip().lower()
        known = canonical(found["name"]) in tools
        # "json" and "function" before an object are no names; nor is text inside the object
        if before not in ("", "function", "json") or not (known or marked):
            return
        end = end_of_brackets(text, found.end()) or len(text)
        values = list(_json_values(text[found.end() : end]))
        if not known and found["name"].lower() in ("json", "function", "tool_call", "tool_code"):
            return
        yield ToolCall(found["name"], dict(values[0]) if values else {})
        at = end


def _json_values(text: str) -> Iterator[Any]:
    """Yield the objects and arrays in a text."""
    at = 0
    while found := re.compile(r"[\[{]").search(text, at):
        before = text[at : found.start()]
        if "(" in before:  # Python, whose arguments may be such values
            return
        end = end_of_brackets(text, found.start())
        written = text[found.start() : end] if end else _closed(text[found.start() :])
        value = _decoded(written)
        if value is None:
            at = found.start() + 1
            continue
        yield value
        at = end or len(text)


def _closed(text: str) -> str:
    """Add the closing brackets that a model forgot."""
    opened: list[str] = []
    inside = escaped = False
    for sign in text:
        if inside:
            inside = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            inside = True
        elif sign in "[{(":
            opened.append({"[": "]", "{": "}", "(": ")"}[sign])
        elif sign in "]})" and opened:
            opened.pop()
    return text.rstrip().rstrip("`") + "".join(reversed(opened))


def _decoded(text: str) -> Any:
    """Return an object or array in JSON or Python's spelling; None for anything else."""
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        for written in (text, _BARE_KEY.sub(r'\1"\2":', text)):
            try:
                value = ast.literal_eval(written)
                break
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
        else:
            return None
    return value if isinstance(value, dict | list) and value else None


def _json_calls(value: Any, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    if isinstance(value, list):
        for item in value:
            yield from _json_calls(item, tools, marked)
        return
    if not isinstance(value, dict):
        return
    fields = {str(key).lower(): content for key, content in value.items()}
    marked = marked or canonical(str(fields.get("type", ""))) in _CALL_TYPES
    for key in (*WRAPPERS, *NAMES):
        if isinstance(fields.get(key), dict | list):
            yield from _json_calls(fields[key], tools, marked)
            return
    named = next((key for key in NAMES if isinstance(fields.get(key), str)), "")
    name = fields[named].strip() if named else ""
    known = canonical(name) in tools
    written = next((argument for argument in ARGUMENTS if argument in fields), None)
    if name and written is not None and (known or marked or _is_name(name)):
        yield ToolCall(name, call_arguments(fields[written]))
    elif name and known:
        left = {k: v for k, v in value.items() if str(k).lower() not in (named, "type", "id")}
        yield ToolCall(name, left)
    elif name and (marked or _is_tool_name(name, named)):
        yield ToolCall(name, {})
    elif len(value) == 1 and canonical(next(iter(value))) in tools:
        yield ToolCall(next(iter(value)), call_arguments(next(iter(value.values()))))


def _is_tool_name(text: str, key: str) -> bool:
    """Return whether a text at a key can only be the name of a tool, though of none that exists."""
    return _is_name(text) and ("_" in text or key in _TOOL_NAMES)


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w./-]*", text) is not None


def _python_calls(text: str, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    text = _COMMENT.sub("", text).strip().strip("`~").strip()
    first, _, rest = text.partition("\n")
    if first.strip().isalpha() and rest:  # the language of a block
        text = rest
    for written in (text, text[: end_of_brackets(text, 0)].strip(), _closed(text)):
        try:
            tree = ast.parse(written.replace("\n", " ; "))
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            try:
                tree = ast.parse(written)
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = _function(node.func)
            if canonical(name) in tools or (marked and name not in ("", "print")):
                yield ToolCall(name, _python_arguments(node))
        return


def _function(node: ast.expr) -> str:
    """Return the name of a called function, without its module."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _python_arguments(call: ast.Call) -> dict[str, Any]:
    found = {keyword.arg: _literal(keyword.value) for keyword in call.keywords if keyword.arg}
    if call.args:
        first = _literal(call.args[0])
        # positions mean nothing to a tool: the model learns that from the error
        found |= first if isinstance(first, dict) else {"arguments": first}
    return found


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        if isinstance(node, ast.Name):
            return {"true": True, "false": False, "null": None}.get(node.id, node.id)
        return ast.unparse(node)
