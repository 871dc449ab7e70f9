"""Finds where the tool calls that a model writes into its text begin and end.

The forms are those of `servers.llm.chat.written_calls`, which reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from servers.llm.chat.brackets import BracketScan
from servers.llm.chat.commands import arguments_follow, command_name, is_line
from servers.llm.chat.curl_call import PROGRAM, begins_request, end_of_request
from servers.llm.chat.elements import begins_element, end_of_element
from servers.llm.chat.leads import call_in_block
from servers.llm.chat.marks import INPUT_LABELS
from servers.llm.chat.table_calls import begins_table, end_of_table
from servers.llm.chat.tool_names import (
    ARGUMENTS,
    CALLERS,
    METHODS,
    NAMES,
    WRAPPERS,
    canonical,
    is_distinct,
)

LONGEST_UNDECIDED = 300
"""Most characters from which it may not be known whether they begin a call."""

_FIRST_KEYS = (*NAMES, *ARGUMENTS, *WRAPPERS, "type", "id")
"""Keys without quotes with which a call begins."""
_LONGEST_KEY = 60
_MOST_LISTS = 3
"""Most brackets around a call."""
_PREFIXES = (
    *("functions.", "function.", "tools.", "tool.", "default_api.", "api."),
    *("self.", "client.", "to=functions.", PROGRAM),
    *(f"{caller}(" for caller in CALLERS),
)
"""Text that models write before a function's name."""
_AWAIT = re.compile(r"\s{0,4}(?:await\s{1,4})?")
_QUOTED_NAME = re.compile(r"[\"'](?P<name>[\w./-]{0,80})(?P<close>[\"']?)")

_FENCE = re.compile(r"(?:`{3}|~{3})[\w-]{0,20}\s{0,8}|`{1,2}(?!`)\s{0,8}")
_LABELS = "|".join(label.replace(" ", "[ _]") for label in INPUT_LABELS)
_BEHIND_NAME = re.compile(
    r"[`*\"' \t]*\n\s*[*_]*(?P<label>[A-Za-z_ ]*)(?:\d{1,2})?[*_ ]*(?P<colon>[:：]?)"
)
NAME_AND_INPUT = re.compile(
    rf"\s*[`*\"']*(?P<name>[\w./-]+)[`*\"' \t]*\n\s*[*_]*(?:{_LABELS})(?: \d+)?[*_ ]*[:：][*_`\s]*",
    re.IGNORECASE,
)
"""A name, and on the next line the label of its arguments."""
NAME_AND_PAIRS = re.compile(
    r"(?P<name>[A-Za-z][\w./-]*+)[`*\"']{0,3}[ \t]*(?::[ \t]*)?(?:\n[ \t]*(?:-[ \t]+)?)?"
    r"(?P<first>[a-z_]\w*[ \t]*[=:]|--[a-z][\w-]*[= ])",
)
"""A name, and arguments without brackets behind it or below it."""
_NO_PAIRS = re.compile(
    r"[`*\"']{0,3}[ \t]*(?::[ \t]*)?(?:\n[ \t]*(?:-[ \t]*)?)?-{0,2}[a-z_]?[\w-]*[ \t]*\Z"
)
"""What may become arguments without brackets."""
_PAIR_LINE = re.compile(r"[ \t]*(?:-[ \t]+)?(?:--)?[a-z_][\w-]*[ \t]*[:=]")
_PAIR_MAYBE = re.compile(r"[ \t]*(?:-[ \t]*)?(?:--)?[\w-]*[ \t]*\Z")
_WORD = re.compile(r"[\w.:/=-]*")
_KEY = re.compile(r"[A-Za-z_]\w*")
_BEHIND_KEY = re.compile(r"\s*[:=]")
_SPACE = re.compile(r"\s*")
_QUOTED_SPACE = re.compile(r"[\s>]*")
_QUOTED_END = re.compile(r"[`*\"' \t]*\Z")
_FILLED = re.compile(
    r"\(\s*(?:[\"']?[A-Za-z_]\w*[\"']?\s*(?:=(?!=)|:)\s*[\w\"'\[{(.+-]|\{)|\(\s*\)[`*]{0,3}(?:[.!]?\s*\n|\.\s)"
)
"""Arguments that a call has, and a description of a function has not."""
_LITERAL = re.compile(r"\(\s*[\d\"'“]")
_MAYBE_FILLED = re.compile(
    r"(?:\(\s*(?:[\"']?\w*[\"']?\s*[=:]?\s*)?|\(\s*\)[`*]{0,3}[.!]?[ \t]*)\Z"
)
_JSON_BEHIND = re.compile(r"[`*\"' \t]*(?:\[ARGS\]|json)?[`*\"'\s:]*\{")
_MAYBE_JSON_BEHIND = re.compile(r"[`*\"' \t]*(?:j|js|jso|json)?[`*\"'\s:]*\Z")


def beginning(text: str, at: int, tools: Collection[str], *, line: bool) -> bool | None:
    """Return whether a call without marks may begin at this place; None if more text decides.

    Args:
        text: The text known so far.
        at: Index of its first character, a brace, bracket, backtick, less-than sign or letter.
        tools: Canonical names of the tools.
        line: Whether it stands at the beginning of a line, or behind the words of a call.
    """
    begins = _begins(text[: at + LONGEST_UNDECIDED], at, tools, line)
    return False if begins is None and len(text) - at >= LONGEST_UNDECIDED else begins


def _begins(text: str, at: int, tools: Collection[str], line: bool) -> bool | None:
    if text[at:] in ("~", "~~"):
        return None
    if fence := _FENCE.match(text, at):
        if fence.end() == len(text):
            return None
        at, line = call_in_block(text, fence.end()), True
        if at == len(text):
            return None
    if text[at] == "<":
        return begins_element(text, at, tools)
    if text[at] == "|":
        return begins_table(text, at, tools)
    if text[at] in "【（":
        return command_name(text, at + 1, tools)
    if text[at] in "[({":
        begins = _begins_in_brackets(text, at, tools)
        return begins if begins is not False else command_name(text, at + 1, tools)
    if line and text[at : at + len(PROGRAM)].lower() == PROGRAM:
        return begins_request(text, at, tools)
    return _begins_name(text, at, tools, line=line)


def _begins_in_brackets(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether brackets begin around calls, or around the name of a tool and arguments."""
    if text[at : at + 2] == "{{":
        return None if at + 2 == len(text) else _begins_name(text, at + 2, tools, line=True)
    if text[at] == "{":
        return _begins_json(text, at)
    at += text[at] == "("
    for _ in range(_MOST_LISTS):
        if text[at : at + 1] == "[":
            at = _after_quotation(text, at + 1)
    if text[at : at + 1].isalpha():  # [tool_call: start_timer(minutes=5)]
        at = call_in_block(text, at)
    if at == len(text):
        return None
    if text[at] in "\"'":
        return _begins_pair(text, at, tools)
    return _begins_json(text, at) if text[at] == "{" else _begins_name(text, at, tools, line=True)


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


def _begins_json(text: str, at: int) -> bool | None:
    """Return whether an object begins: whether it is a call is known at its end."""
    at = _after_quotation(text, at + 1)
    if at == len(text):
        return None
    quote = text[at]
    if quote in "\"'“":
        end = text.find("”" if quote == "“" else quote, at + 1)
        if end < 0:
            return None if len(text) - at < _LONGEST_KEY else False
        at = _after_space(text, end + 1)
        return None if at == len(text) else text[at] in ":}("
    key = _KEY.match(text, at)
    if key is None:
        return False
    written = key.group().lower()
    if key.end() == len(text):
        return None if any(known.startswith(written) for known in _FIRST_KEYS) else False
    at = _after_space(text, key.end())
    return written in _FIRST_KEYS and (None if at == len(text) else text[at] == ":")


def _begins_pair(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether the first value of a list is the name of a tool."""
    end = text.find(text[at], at + 1)
    key = canonical(text[at + 1 : len(text) if end < 0 else end])
    if end < 0:
        return None if any(tool.startswith(key) for tool in tools) else False
    return key in tools


def _begins_name(text: str, at: int, tools: Collection[str], *, line: bool) -> bool | None:
    found = _WORD.match(text, at)
    word = found.group() if found else ""
    end = at + len(word)
    lower = word.lower()
    if not word or end == len(text):
        return None if word and _may_name(word, tools) else False
    if text[end] == "(" and lower in CALLERS and canonical(word) not in tools:
        return _begins_inside(text, end + 1, tools, line=line)
    word = word.rstrip(":=.-/")
    end, name = at + len(word), _name_of(word)
    if name in METHODS and name not in tools:
        name = canonical(word.rpartition(".")[0])
    line = line or lower.startswith("to=")
    if name not in tools or not _was_held(word, tools):
        return False
    if text[end] == "(":  # "stop (" and "stop(s)" are words, and "stop()" is a call
        if line and (is_distinct(word) or text[end:][1:2] == ")"):
            return True
        return (is_distinct(word) and _LITERAL.match(text, end) is not None) or _filled(text, end)
    if not line:
        return False
    behind = _behind_name(text, at, end, word)
    if behind is not False:
        return behind
    if _JSON_BEHIND.match(text, end):
        return True
    follow = arguments_follow(text, end) if is_distinct(word) else False
    return None if follow is False and _MAYBE_JSON_BEHIND.match(text, end) else follow


def _begins_inside(text: str, at: int, tools: Collection[str], *, line: bool) -> bool | None:
    """Return whether a call begins as the argument of another function, or is named by it."""
    found = _AWAIT.match(text, at)
    at = found.end() if found else at
    if "await".startswith(text[at:].lower()):
        return None
    if quoted := _QUOTED_NAME.match(text, at):
        name = canonical(quoted["name"])
        if not quoted["close"]:
            whole = quoted.end() < len(text) or not any(tool.startswith(name) for tool in tools)
            return False if whole else None
        return name in tools and is_distinct(quoted["name"])
    if text[at] == "{":
        return _begins_json(text, at)
    return _begins_name(text, at, tools, line=line)


def _name_of(word: str) -> str:
    """Return the canonical name in a word such as `functions.start_timer:0`."""
    return canonical(re.sub(r":\d+\Z", "", word.rpartition("=")[2]))


def _may_name(word: str, tools: Collection[str]) -> bool:
    """Return whether a word at the end of a text may become the name of a tool."""
    if len(word) >= _LONGEST_KEY:
        return False
    lower, name = word.lower(), _name_of(word)
    return (
        any(prefix.startswith(lower) for prefix in _PREFIXES)
        or may_be_method(word, tools)
        or word.endswith((".", "/", ":", "="))
        or any(tool.startswith(name) for tool in tools)
    )


def _was_held(word: str, tools: Collection[str]) -> bool:
    """Return whether each part of a word might have become the name of a tool.

    Otherwise its beginning was spoken where the text came in pieces, as that of "Yes.stop".
    """
    name = max(word.rfind("."), word.rfind("/"))
    return all(_may_name(word[:size], tools) for size in range(1, name + 1))


def may_be_method(word: str, tools: Collection[str]) -> bool:
    """Return whether a word at the end of a text may become a tool and a method of it."""
    head, _, method = word.rpartition(".")
    return canonical(head) in tools and any(each.startswith(method.lower()) for each in METHODS)


def _behind_name(text: str, at: int, end: int, word: str) -> bool | None:
    """Return whether arguments without an object follow a name at the beginning of a line."""
    labelled = text[:at].rstrip(" \t*_`\"'").endswith((":", "："))
    if not (is_distinct(word) or labelled):
        return False
    if text[end] == "[":
        return True
    label = _begins_input(text, end)
    if label is not False:
        return label
    if not is_distinct(word):
        return False
    if NAME_AND_PAIRS.match(text, at):
        return True
    behind = _after_space(text, end)
    if text[behind : behind + 1] == "(":
        return _filled(text, behind)
    return None if _NO_PAIRS.match(text, end) else False


def _filled(text: str, at: int) -> bool | None:
    """Return whether a parenthesis amid a sentence has arguments of a call."""
    if _FILLED.match(text, at):
        return True
    return None if _MAYBE_FILLED.match(text, at) else False


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


def is_request_or_row(text: str) -> bool:
    """Return whether a call can only be a request of curl, or the row of a table."""
    return text[:1] == "|" or text[: len(PROGRAM)].lower() == PROGRAM


def end_of_call(text: str, scan: BracketScan) -> int | None:
    """Return the index behind the call with which a text begins; None if it is open.

    `scan` is the same for a text that grows.
    """
    if text[:1] == "<":
        return end_of_element(text)
    if text[:1] == "|":
        end = end_of_table(text, scan.line)
        scan.line = max(scan.line, text.rfind("\n")) if end is None else end
        return end
    if text[: len(PROGRAM)].lower() == PROGRAM:
        return end_of_request(text, scan)
    named = NAME_AND_INPUT.match(text)
    if named is not None and text[named.end() : named.end() + 1] not in ("{", "["):
        return None if named.end() == len(text) else _end_of_pairs(text, named.end(), scan)
    pairs = None if named else NAME_AND_PAIRS.match(text)
    if pairs is not None and is_distinct(pairs["name"]) and text[pairs.end() :].strip()[:1] != "{":
        return _end_of_pairs(text, pairs.start("first"), scan)
    if text[:1] in ("【", "（"):
        close = text.find("】" if text[0] == "【" else "）", scan.line)
        scan.line = len(text) if close < 0 else close
        return None if close < 0 else close + 1
    if is_line(text):
        end = text.find("\n", scan.line)
        scan.line = len(text) if end < 0 else end
        return None if end < 0 else end
    return scan.end(text)


def _end_of_pairs(text: str, at: int, scan: BracketScan) -> int | None:
    """Return the index behind the lines of arguments from an index on."""
    end = text.find("\n", max(at, scan.line))
    while end >= 0:
        line = text[end + 1 : end + 1 + LONGEST_UNDECIDED]
        if not _PAIR_LINE.match(line):
            return None if _PAIR_MAYBE.match(line) else end
        scan.line = end
        end = text.find("\n", end + 1)
    return None
