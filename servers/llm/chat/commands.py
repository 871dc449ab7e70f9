"""Reads tool calls that are written as commands, as at a prompt or in a stage direction.

`/start_timer 5`, `start_timer, minutes: 5`, `[Tool call: start_timer, minutes: 5]`,
`(start_timer :minutes 5)` and `{{ start_timer minutes=5 }}` are such. Only names that ordinary text
never has are read in these forms (`is_distinct`), and only if nothing but arguments follows them on
their line or in their brackets.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from servers.llm.chat.client import ToolCall
from servers.llm.chat.leads import call_in_block
from servers.llm.chat.loose_arguments import loose_arguments, pairs_of, value_of
from servers.llm.chat.tool_names import TOOL_LABELS, canonical, is_distinct

_INPUT = r"(?:(?:action|tool|function)[ _])?(?:input|arguments?|args|parameters?|params)"
_BETWEEN = (
    r"[`*\"'\])]{0,4}[ \t]{0,4}"
    r"(?:(?:[,;|，；、：]|:(?![a-z]\w{0,40}[ ])|[-=]{1,2}>)[ \t]{0,4}|(?i:with|using)[ \t]{1,4})?"
    rf"(?:[.]?[ \t]{{0,4}}(?i:(?:the[ ])?{_INPUT})\b[ \t]{{0,2}}[:：=]?[ \t]{{0,4}})?"
)
_FIRST = r"(?:[a-z_]\w{0,40}[ \t]{0,2}[=:：＝](?![/:=])|--[a-z]|:[a-z]\w{0,40}[ ]|[-+]?\d|[\"'“{])"
_FOLLOW = re.compile(_BETWEEN + _FIRST)
"""The text between a name and its arguments, and how these begin."""
_MAY_FOLLOW = re.compile(
    r"[`*\"'\])]{0,4}[ \t]{0,4}(?:[-=,.:;|，；、：]{1,2}>?[ \t]{0,4})?[.]?[ \t]{0,4}"
    r"(?:[a-z_]\w{0,40}[ \t]{0,2}[:：=]?[ \t]{1,4}){0,3}"
    r"(?:[-+:=]{0,2}[a-z_]?\w{0,40}[ \t]{0,4}[:：=＝]?[ \t]{0,4})?\Z",
    re.IGNORECASE,
)
"""Text that may become that; other text that it allows only waits for its next words."""
_BETWEEN_ALONE = re.compile(_BETWEEN)
_LINE = re.compile(r"[`*\"']{0,3}[A-Za-z_][\w./=-]*(?::\d{1,3}\b)?")
"""The name at the beginning of a command without brackets, as far as `call_bounds` reads it."""
_OPENING = re.compile(r"[\s\[({%【（]{0,40}")
_ALONE_END = re.compile(r"[\s`*\"'\])}】）]{0,40}\Z")
"""Nothing but space and closing signs."""
_NAME = re.compile(r"[/!$@:.\\%#>\s`*\"']{0,8}(?P<name>[A-Za-z_][\w./-]{0,80})")
_BEFORE_NAME = re.compile(r"[/!$@:.\\%#>\s`*\"']{0,8}\Z")
"""The end of a text at which the name may follow."""
_VALUE = r"(?:[-+]?\d[\d.:]{0,20}(?:[ ]?[A-Za-z%°]{1,12})?|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')"
_VALUES = re.compile(rf"{_VALUE}(?:[ ]?,[ ]?{_VALUE}|[ ]{_VALUE})*")
"""Arguments without names; a tool's error then names them to the model."""
_KEYWORD = re.compile(r"(?:\A|(?<=\s)):([A-Za-z_][\w-]{0,60})\s+")
"""A key of Lisp."""
_JOINT = re.compile(r"[ \t]+(?:and[ \t]+)?(?=[A-Za-z_]\w{0,40}[=:])|[ \t]*[|&][ \t]*")
_JSON = re.compile(r"\s*[\[(]?\s*\{\s*[\"'“]")
_CLOSING = {"[": "]", "(": ")", "{": "}", "%": "%", "【": "】", "（": "）"}
_WIDE = str.maketrans("，；：＝", ",;:=")
"""Chinese signs between the arguments."""
_LABEL = re.compile(r"(?:[^\W\d_]{1,20}[ ]?){1,3}[:：]\s{0,3}(?=[A-Za-z_])")
"""A label of any language before a name in brackets, such as "Werkzeugaufruf:"."""
_MAY_LABEL = re.compile(r"(?:[^\W\d_]{1,20}[ ]?){1,3}[:：]?\s{0,3}\Z")


def arguments_follow(text: str, at: int) -> bool | None:
    """Return whether arguments of a command begin behind a name; None if more text decides."""
    if _FOLLOW.match(text, at):
        return True
    return None if _MAY_FOLLOW.match(text, at) else False


def is_line(text: str) -> bool:
    """Return whether a call is a command without brackets: it ends with its line."""
    found = _LINE.match(text)
    follow = _FOLLOW.match(text, found.end()) if found else None
    return follow is not None and not follow.group().endswith("{")


def command_name(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether a command begins in brackets whose inside begins at an index; None if more
    text decides."""
    braces, named = text[at - 1] == "{", False
    at = _skip(text, at)
    if text[at : at + 1].isalpha() and not braces:
        if label := _LABEL.match(text, at):
            named = is_tool_label(label.group())
            at = at if canonical(label.group()) in tools else label.end()
        elif _MAY_LABEL.match(text, at):
            return None
        at = _skip(text, call_in_block(text, at))
    found = _NAME.match(text, at)
    if found is None:
        return None if _BEFORE_NAME.match(text, at) else False
    name = canonical(found["name"])
    if found.end() == len(text):
        return None if not name or any(tool.startswith(name) for tool in tools) else False
    if name not in tools or not _names_a_tool(found["name"], named):
        return False
    if text[found.end()] == "(" or (named and text[found.end()] in "])}】）"):
        return True
    if _ALONE_END.match(text, found.end()):
        return None
    return arguments_follow(text, found.end())


def _names_a_tool(name: str, named: bool) -> bool:
    """Return whether the name of a tool is none of ordinary text, or a label has announced it."""
    return (named and name.isalpha()) or is_distinct(name.rpartition(".")[2])


def is_tool_label(text: str) -> bool:
    """Return whether a text is a label behind which only the name of a tool stands."""
    return text.rstrip(" *_").endswith((":", "：")) and canonical(text) in TOOL_LABELS


def command_call(
    text: str, tools: Collection[str], *, alone: bool, named: bool = False
) -> ToolCall | None:
    """Return the call of a passage that is a command and nothing else; None for another.

    `alone`: whether a name without arguments is one; `named`: whether a label says that the first
    word is the name of a tool, which may then be a word of ordinary text.
    """
    inside = _without_brackets(text)
    if _JSON.match(text):
        return None
    begin = call_in_block(inside, 0)
    if is_tool_label(inside[:begin]):
        named = alone = True
    inside = inside[begin:]
    label = _LABEL.match(inside)
    if label and inside != text.strip() and canonical(label.group()) not in tools:
        named = named or is_tool_label(label.group())
        inside, alone = inside[label.end() :], named
    found = _NAME.match(inside)
    if found is None:
        return None
    name = found["name"].rstrip("./-")
    if canonical(name) not in tools or not _names_a_tool(name, named):
        return None
    between = _BETWEEN_ALONE.match(inside, found.start("name") + len(name))
    written = inside[between.end() if between else found.end() :].strip().rstrip("`*;").strip()
    written = written.translate(_WIDE)
    if not written.strip(".!"):
        return ToolCall(name, {}) if alone else None
    if written[0] in "{[(":
        return ToolCall(name, loose_arguments(written))
    pairs = pairs_of(_JOINT.sub(", ", _KEYWORD.sub(r"\1=", written)).replace(", ,", ","))
    if pairs is not None:
        return ToolCall(name, pairs)
    if _VALUES.fullmatch(written):
        return ToolCall(name, {"arguments": value_of(written)})
    return None


def _skip(text: str, at: int) -> int:
    found = _OPENING.match(text, at)
    return found.end() if found else at


def _without_brackets(text: str) -> str:
    """Return a passage without the brackets, quotation marks and backticks around all of it."""
    text = text.strip().strip("`*").strip()
    for _ in range(4):
        if len(text) > 1 and _CLOSING.get(text[0]) == text[-1]:
            text = text[1:-1].strip()
    return text
