"""Reads tool calls that a model writes into its text, in place of the field `tool_calls`.

Models do so when their template has no tools, when Ollama does not know their format, or when they
are too small to follow it. The forms that are read:

- JSON: `{"name": …, "arguments" | "parameters" | …: {…} | "text" | null}`, several of these or an
  array, inside `function`, `tool_calls` and the like, or `{"start_timer": {…}}`; single quotes and
  missing closing brackets are mended
- Python: `start_timer(minutes=5)`, `[start_timer(minutes=5), get_time()]`, `print(api.get_time())`
- elements (see `elements`): `<function=start_timer>{…}</function>`, `<start_timer minutes="5"/>`,
  `<arg_key>minutes</arg_key><arg_value>5</arg_value>`
- a name before JSON: `start_timer{"minutes": 5}`, `start_timer[ARGS]{…}`, `functions.start_timer:0`
- a name and its input on two lines, as in ReAct: `start_timer`, `Action Input: {"minutes": 5}`
- a name and lines or pairs: `start_timer minutes=5`, or YAML
- commands (see `commands`): `/start_timer 5`, `[Tool call: start_timer, minutes: 5]`
- requests of curl (see `curl_call`), and rows of a table (see `table_calls`)
- a name with words before its arguments: `start_timer` with the parameters {"minutes": 5}
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from typing import Any

from servers.llm.chat.brackets import end_of_brackets
from servers.llm.chat.call_bounds import NAME_AND_INPUT, NAME_AND_PAIRS
from servers.llm.chat.client import ToolCall, call_arguments
from servers.llm.chat.commands import command_call
from servers.llm.chat.curl_call import request_call
from servers.llm.chat.elements import element_calls
from servers.llm.chat.loose_arguments import decoded, loose_arguments, pairs_of
from servers.llm.chat.table_calls import table_calls
from servers.llm.chat.tool_names import (
    ARGUMENTS,
    METHODS,
    NAMES,
    USUAL_ARGUMENTS,
    USUAL_NAMES,
    WRAPPERS,
    canonical,
    is_distinct,
)

LONGEST = 8192
"""Most characters of one written call; a longer one is dropped. 512 tokens, the longest answer by
default, have some 2000."""

_TOOL_NAMES = ("function", "tool", "tool_name", "function_name", "toolname")
"""Keys of a name that can only be a tool's."""
_CALL_TYPES = ("function", "tool", "functioncall", "toolcall", "tooluse")
"""Values of `type` that make an object a call, as `canonical` returns them."""
_MARK = re.compile(
    r"✿\w{1,20}✿:?|<[|｜][^<>\n]{1,40}[|｜]>|\[/?[A-Z_]{3,20}\]|</?\w+>|\b(?:call|function):(?=\w)"
)
"""Marks between the parts of a call, such as <|tool_call_begin|> and [ARGS]."""
_COMMENT = re.compile(r"^[ \t]*(?:#|//).*\n?", re.MULTILINE)
_NAMED = re.compile(
    r"(?P<name>[A-Za-z_][\w./=-]{0,80}?)(?::\d{1,3})?[\s:=`*\"']{0,20}(?:json\s{0,9})?(?=\{)"
)
_ANNOUNCED = re.compile(
    r"[`*\"']{0,3}(?P<name>[A-Za-z][\w./-]{0,80})[^{}()\n]{0,250}(?P<open>[{(])"
)
"""A name, and words before its arguments, as in "`start_timer` with the parameters"."""
_INDEXED = re.compile(r"(?P<name>[A-Za-z][\w./-]{0,80})\[(?P<inner>[^\[\]]*)\]\s*\Z")
_NAMELESS = re.compile(
    r"[{,]\s{0,40}[\"'](?:name|function|tool)[\"']\s{0,9}:\s{0,9}[\"'][^\"'\n]{0,80}[\"']\s{0,9},\s{0,40}"
    r"[\"'](?:arguments|parameters)[\"']\s{0,9}:\s{0,9}\{"
)
"""A call of something that is no name of a tool, such as "Timer 1"."""
_LABELLED = re.compile(
    r"[\[{(]{1,2}\s*(?:[A-Za-z_]{2,20}(?: [A-Za-z]{2,20})?\s*:?\s+)?(?=(?P<name>[A-Za-z_][\w.]*))"
)
"""What precedes a call in brackets: `[tool_call: start_timer(minutes=5)]`."""
_MISTAKES = 12
"""Most brackets of a passage that are tried and hold no value."""


def read_calls(
    text: str, tools: Collection[str], *, marked: bool, commands: bool = True
) -> tuple[ToolCall, ...]:
    """Return the calls in a passage, without repetitions; none if it holds no call.

    Args:
        text: The passage, without the marks around it.
        tools: Canonical names of the tools.
        marked: Whether marks say that it is a call. Without these, an object needs arguments, or
            the name of a known tool.
        commands: Whether commands are calls, too.
    """
    found: list[ToolCall] = []
    text = text[:LONGEST]
    label = _LABELLED.match(text)
    calls = list(_calls(text, tools, marked))
    if not calls and label and canonical(label["name"]) in tools:
        calls = list(_calls(text[label.end() :].rstrip("]} \n"), tools, marked))
    if not calls and commands:
        command = command_call(_MARK.sub(" ", text), tools, alone=marked, named=marked)
        calls = [command] if command else []
    for call in calls:
        if call not in found:
            found.append(call)
    return tuple(found)


def looks_like_a_call(text: str, tools: Collection[str]) -> bool:
    """Return whether a passage without calls is a broken one: it has the name of a tool as a value
    or function, and must not be spoken."""
    words = re.findall(r"[\"'](?:name|function|tool|tool_name)[\"']\s*:\s*[\"']([\w./-]+)", text)
    words += re.findall(r"\A[\s\[`]*(?:\w*\n)?([\w./]+)\(", text)
    words += re.findall(r"\A[\s\[{`]*[\"']([\w./]+)\(", text)
    if _NAMELESS.search(text):
        return True
    return any(canonical(word) in tools for word in words)


def _calls(text: str, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    text = text.replace("｜DSML｜", "")
    if "<" in text and (elements := list(element_calls(text, tools, marked=marked))):
        yield from elements
        return
    if text.startswith("|"):
        yield from table_calls(text, tools)
        return
    if unlike := request_call(text, tools) or _longcat(text):
        yield unlike
        return
    named_input = NAME_AND_INPUT.match(text)
    if named_input and canonical(named_input["name"]) in tools:
        yield ToolCall(named_input["name"], loose_arguments(text[named_input.end() :]))
        return
    pairs = NAME_AND_PAIRS.match(text.strip().strip("`"))
    if pairs and is_distinct(pairs["name"]) and canonical(pairs["name"]) in tools:
        written = text.strip().strip("`")[pairs.start("first") :]
        if (arguments := pairs_of(written)) is not None:
            yield ToolCall(pairs["name"], arguments)
            return
    bare = _MARK.sub(" ", text.replace('<|"|>', '"'))  # Gemma's quotation mark
    if named := list(_named_calls(bare, tools, marked)):
        yield from named
    elif announced := _announced_call(bare, tools):
        yield announced
    else:
        yield from _calls_of_values(bare, tools, marked)


def _calls_of_values(bare: str, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    values = list(_json_values(bare))
    for value in values:
        yield from _json_calls(value, tools, marked)
    if not values:
        yield from _python_calls(bare, tools, marked)


def _longcat(text: str) -> ToolCall | None:
    """Return the call of a name before elements of keys and values."""
    if "arg_key>" not in text:
        return None
    name, _, _ = text.partition("<")
    element = f"<call name='x'>{text[len(name) :]}</call>"
    for call in element_calls(element, ("x",), marked=True):
        return ToolCall(name.strip(), call.arguments)
    return None


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
        yield ToolCall(found["name"].rpartition("=")[2], dict(values[0]) if values else {})
        at = end


def _announced_call(text: str, tools: Collection[str]) -> ToolCall | None:
    """Return a call whose name and arguments have words between them, or brackets around these."""
    text = text.strip().strip("`")
    if (found := _INDEXED.match(text)) and canonical(found["name"]) in tools:
        return ToolCall(found["name"], loose_arguments(found["inner"]))
    found = _ANNOUNCED.match(text)
    if found is None or canonical(found["name"]) not in tools:
        return None
    start = found.start("open")
    end = end_of_brackets(text, start)
    written = text[start:end] if end else _closed(text[start:])
    if found["open"] == "(" and found.end("name") == start and "=" in written:
        return None  # Python
    return ToolCall(found["name"], loose_arguments(written))


def _json_values(text: str) -> Iterator[Any]:
    """Yield the objects and arrays in a text."""
    at = mistakes = 0
    while found := re.compile(r"[\[{]").search(text, at):
        before = text[at : found.start()]
        if "(" in before:  # Python, whose arguments may be such values
            return
        end = end_of_brackets(text, found.start())
        written = text[found.start() : end] if end else _closed(text[found.start() :])
        value = decoded(written)
        if value is None:
            at, mistakes = found.start() + 1, mistakes + 1
            if mistakes == _MISTAKES:
                return
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


def _json_calls(value: Any, tools: Collection[str], marked: bool) -> Iterator[ToolCall]:
    if isinstance(value, list | tuple):
        yield from _list_calls(value, tools, marked)
    elif isinstance(value, dict):
        yield from _object_calls(value, tools, marked)


def _list_calls(
    value: list[Any] | tuple[Any, ...], tools: Collection[str], marked: bool
) -> Iterator[ToolCall]:
    if len(value) == 2 and isinstance(value[0], str) and canonical(value[0]) in tools:
        yield ToolCall(value[0], call_arguments(value[1]))  # ["start_timer", {…}]
        return
    for item in value:
        yield from _json_calls(item, tools, marked)


def _object_calls(
    value: dict[Any, Any], tools: Collection[str], marked: bool
) -> Iterator[ToolCall]:
    fields = {str(key).lower(): content for key, content in value.items()}
    marked = marked or canonical(str(fields.get("type", ""))) in _CALL_TYPES
    for key in (*WRAPPERS, *NAMES):
        if isinstance(fields.get(key), dict | list):
            yield from _json_calls(fields[key], tools, marked)
            return
    named, name = _name_in(fields, tools)
    known = canonical(name) in tools
    written = next((argument for argument in ARGUMENTS if argument in fields), None)
    if not known and name == "tools/call" and written is not None:  # MCP
        yield from _json_calls(fields[written], tools, marked)
        return
    if name and written is not None and (known or marked or _is_call(name, named, written)):
        yield ToolCall(name, call_arguments(fields[written]))
    elif name and known:
        left = {k: v for k, v in value.items() if str(k).lower() not in (named, "type", "id")}
        yield ToolCall(name, left)
    elif name and (marked or _is_tool_name(name, named)):
        yield ToolCall(name, {})
    elif len(value) == 1 and canonical(next(iter(value))) in tools:
        yield ToolCall(next(iter(value)), call_arguments(next(iter(value.values()))))


def _name_in(fields: dict[str, Any], tools: Collection[str]) -> tuple[str, str]:
    """Return the key of a tool's name and the name, that of a known tool where there is one."""
    named = [key for key in NAMES if isinstance(fields.get(key), str)]
    key = next((key for key in named if canonical(fields[key]) in tools), next(iter(named), ""))
    return key, fields[key].strip() if key else ""


def _is_call(name: str, named: str, written: str) -> bool:
    """Return whether an object calls a tool that does not exist."""
    return _is_name(name) and named in USUAL_NAMES and written in USUAL_ARGUMENTS


def _is_tool_name(text: str, key: str) -> bool:
    """Return whether a text at a key can only be the name of a tool, though of none that exists."""
    return _is_name(text) and key in USUAL_NAMES and ("_" in text or key in _TOOL_NAMES)


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
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        known = [call for node in nodes if (call := _known_call(node, tools)) is not None]
        yield from known
        if marked and not known:
            names = [(_function(node.func), node) for node in nodes]
            yield from (ToolCall(n, _python_arguments(node)) for n, node in names if n)
        return
    found = _ANNOUNCED.match(text)
    if found and found.end("name") == found.start("open") and canonical(found["name"]) in tools:
        yield ToolCall(found["name"], loose_arguments(_closed(text[found.start("open") :])))


def _known_call(node: ast.Call, tools: Collection[str]) -> ToolCall | None:
    """Return the call of a known tool: by its name, by a method of it, or as a first argument."""
    name = _function(node.func)
    if canonical(name) in tools:
        return ToolCall(name, _python_arguments(node))
    if isinstance(node.func, ast.Attribute) and name.lower() in METHODS:
        of = _function(node.func.value)
        return ToolCall(of, _python_arguments(node)) if canonical(of) in tools else None
    named: Any = (
        _literal(node.args[0]) if node.args and not isinstance(node.args[0], ast.Call) else ""
    )
    if isinstance(named, dict):  # callTool({ name: "start_timer", arguments: … })
        return next(_object_calls(named, tools, marked=False), None)
    if not isinstance(named, str) or not is_distinct(named) or canonical(named) not in tools:
        return None
    inner = ast.Call(node.func, node.args[1:], node.keywords)
    return ToolCall(named, _python_arguments(inner))


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
        if isinstance(node, ast.Dict) and (written := decoded(ast.unparse(node))) is not None:
            return written
        if isinstance(node, ast.Name):
            return {"true": True, "false": False, "null": None}.get(node.id, node.id)
        return ast.unparse(node)
