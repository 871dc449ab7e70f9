"""Finds where the tool calls that a model writes into its text begin and end.

The forms are those of `servers.llm.chat.written_calls`, which reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from servers.llm.chat.leads import call_in_block
from servers.llm.chat.marks import INPUT_LABELS

NAMES = ("name", "function", "tool", "tool_name", "function_name", "toolname", "action")
"""Keys of a tool's name."""
ARGUMENTS = (
    "arguments",
    "parameters",
    "args",
    "params",
    "input",
    "tool_input",
    "action_input",
    "tool_arguments",
    "kwargs",
)
"""Keys of a tool's arguments."""
WRAPPERS = ("tool_calls", "tool_call", "function_call", "function_calls", "calls", "tools")
"""Keys of one call or several, inside a larger object."""
_FIRST_KEYS = (*NAMES, *ARGUMENTS, *WRAPPERS, "type", "id")
"""Keys with which the JSON of a call begins."""

_LONGEST_KEY = 40
_PREFIXES = ("functions.", "function.", "tools.", "tool.", "default_api.", "api.", "print(")
"""Text that models write before a function's name."""

_FENCE = re.compile(r"(?:`{3}|~{3})[\w-]{0,20}\s{0,8}|`{1,2}(?!`)\s{0,8}")
_LABELS = "|".join(label.replace(" ", "[ _]") for label in INPUT_LABELS)
_BEHIND_NAME = re.compile(r"[`*\"' \t]*\n\s*[*_]*(?P<label>[A-Za-z_ ]*)[*_ ]*(?P<colon>[:：]?)")
NAME_AND_INPUT = re.compile(
    rf"\s*[`*\"']*(?P<name>[\w./-]+)[`*\"' \t]*\n\s*[*_]*(?:{_LABELS})[*_ ]*[:：][*_`\s]*",
    re.IGNORECASE,
)
"""A name, and on the next line the label of its arguments."""
_WORD = re.compile(r"[\w.:/-]*")
_BRACKET = re.compile(r"[\[{(]\s*['\"]?")
_TEXT = r'"(?:[^"\\]|\\.)*', r"'(?:[^'\\]|\\.)*"
"""Strings without their closing quotes."""
_JSON_TOKENS = re.compile(rf"[\[\]{{}}()]|{_TEXT[0]}(?:\"|(?P<open>\\?\Z))", re.DOTALL)
_PYTHON_TOKENS = re.compile(
    rf"[\[\]{{}}()]|(?:{_TEXT[0]}\"|{_TEXT[1]}'|(?P<open>(?:{_TEXT[0]}|{_TEXT[1]})\\?\Z))",
    re.DOTALL,
)
"""Brackets and strings; a string may be open at the end."""
_SPACE = re.compile(r"\s*")
_QUOTED_SPACE = re.compile(r"[\s>]*")
_QUOTED_END = re.compile(r"[`*\"' \t]*\Z")


def canonical(name: str) -> str:
    """Return a name without its prefix, case and separators: `functions.StartTimer` and
    `start-timer` are `starttimer`."""
    return re.sub(r"[\W_]", "", re.split(r"[./]", name.strip().strip("./"))[-1]).lower()


def beginning(text: str, at: int, tools: Collection[str], *, line: bool) -> bool | None:
    """Return whether a call without marks begins at this place; None if more text decides.

    Args:
        text: The text known so far.
        at: Index of its first character, a brace, bracket, backtick or letter.
        tools: Canonical names of the tools.
        line: Whether it stands at the beginning of a line; a Python call begins only there.
    """
    if text[at:] in ("~", "~~"):
        return None
    if fence := _FENCE.match(text, at):
        if fence.end() == len(text):
            return None
        at, line = call_in_block(text, fence.end()), True
        if at == len(text):
            return None
        if text[at] == "<":  # an element in a block
            return _begins_element(text[at:])
    if text[at] == "[":
        at, line = _after_quotation(text, at + 1), True
        if at == len(text):
            return None
    if text[at] == "{":
        return _begins_json(text, at, tools)
    return _begins_python(text, at, tools) if line else False


def fenced(text: str, at: int) -> str:
    """Return the backticks at this place, if any."""
    found = _FENCE.match(text, at)
    if found is None or NAME_AND_INPUT.match(text, at):
        return ""
    sign = found.group()[0]
    return sign * (len(found.group()) - len(found.group().lstrip(sign)))


def without_fence(text: str) -> str:
    """Return a block of code from its first call on."""
    found = _FENCE.match(text)
    return text[call_in_block(text, found.end()) :] if found else text


def _begins_element(text: str) -> bool | None:
    known = ("<tool_call", "<function", "<invoke", "<tool ")
    if any(text.lower().startswith(mark) for mark in known):
        return True
    return None if any(mark.startswith(text.lower()) for mark in known) else False


def _begins_json(text: str, at: int, tools: Collection[str]) -> bool | None:
    at = _after_quotation(text, at + 1)
    if at == len(text):
        return None
    quote = text[at]
    if quote not in "\"'":
        return False
    end = text.find(quote, at + 1)
    key = text[at + 1 : len(text) if end < 0 else end].strip().lower()
    if end < 0:
        known = (*_FIRST_KEYS, *tools)
        could = len(key) < _LONGEST_KEY and any(
            name.startswith((key, canonical(key))) for name in known
        )
        return None if could else False
    if key not in _FIRST_KEYS and canonical(key) not in tools:
        return False
    at = _after_space(text, end + 1)
    return None if at == len(text) else text[at] == ":"


def _begins_python(text: str, at: int, tools: Collection[str]) -> bool | None:
    found = _WORD.match(text, at)
    word = found.group() if found else ""
    end = at + len(word)
    if not word:
        return False
    name = canonical(word)
    if end == len(text):
        could = any(prefix.startswith(word.lower()) for prefix in _PREFIXES) or (
            len(word) < _LONGEST_KEY
            and (word.endswith((".", "/")) or any(tool.startswith(name) for tool in tools))
        )
        return None if could else False
    if word.lower() == "print" and text[end] == "(":
        if end + 1 == len(text):
            return None
        return _begins_python(text, end + 1, tools)
    if name not in tools:
        return False
    if text[end] == "(":  # "stop (" are words, and "stop(" is a call
        return True
    if "_" in word or text[:at].rstrip(" \t*_`\"'").endswith((":", "：")):
        label = _begins_input(text, end)
        if label is not False:
            return label
    end = _after_space(text, end)
    return None if end == len(text) else text[end] == "{"


def _begins_input(text: str, at: int) -> bool | None:
    """Return whether the label of arguments follows a name on the next line."""
    found = _BEHIND_NAME.match(text, at)
    if found is None:
        return None if _QUOTED_END.match(text, at) else False
    label = found["label"].strip(" _").replace("_", " ").lower()
    if found.end() == len(text) and not found["colon"]:
        return None if any(known.startswith(label) for known in INPUT_LABELS) else False
    return bool(found["colon"]) and label in INPUT_LABELS


def _after_quotation(text: str, at: int) -> int:
    """Return the index behind space, and behind the signs of lines that are quoted."""
    found = _QUOTED_SPACE.match(text, at)
    return found.end() if found else at


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def end_of_brackets(text: str, at: int) -> int | None:
    """Return the index behind the brackets that open first after `at`; None if they are open.

    Brackets in strings do not count. Apostrophes quote in Python and in JSON that begins with one.
    """
    opened = 0
    for token in bracket_tokens(text, at):
        if token["open"] is not None:
            return None
        if token.group() in "[{(":
            opened += 1
        elif token.group() in "]})":
            opened -= 1
            if opened == 0:
                return token.end()
    return None


def bracket_tokens(text: str, at: int = 0) -> Iterator[re.Match[str]]:
    """Return the brackets and strings from the first bracket on; `open` names an open string."""
    first = _BRACKET.search(text, at)
    if first is None:
        return iter(())
    tokens = _JSON_TOKENS if first.group().endswith('"') else _PYTHON_TOKENS
    return tokens.finditer(text, first.start())


def end_of_call(text: str) -> int | None:
    """Return the index behind the call with which a text begins; None if it is open."""
    named = NAME_AND_INPUT.match(text)
    if named is None or text[named.end() : named.end() + 1] in ("{", "["):
        return end_of_brackets(text, 0)
    end = text.find("\n", named.end())
    return None if end < 0 or named.end() == len(text) else end


def brackets_closed(text: str) -> bool:
    """Return whether a text has brackets, and all of them are closed."""
    at, closed = 0, False
    while (end := end_of_brackets(text, at)) is not None:
        at, closed = end, True
    return closed and not re.search(r"[\[{(]", text[at:])
