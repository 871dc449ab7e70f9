"""Finds the whole calls of an answer that ended in the middle of one.

Half a call must not be done: `{"level": 3` may have been the beginning of 30.
"""

from __future__ import annotations

import re

from servers.llm.chat.brackets import bracket_tokens
from servers.llm.chat.elements import is_whole
from servers.llm.chat.tool_names import WRAPPERS

_ELEMENT = re.compile(r"<(?:function|invoke|tool)[=\s]|<arg_key>", re.IGNORECASE)
_ELEMENT_END = re.compile(r"</(?:function|invoke|tool)>", re.IGNORECASE)
_MARK = re.compile(r"\[/?[A-Z_]{3,20}\]")
_WRAPPED = re.compile(rf"\s*\{{\s*[\"'](?:{'|'.join(WRAPPERS)})[\"']", re.IGNORECASE)


def whole_part(text: str) -> str:
    """Return a passage without its end up to the end of the last whole call; empty for none."""
    if text[:1] == "<" and not _ELEMENT.match(text):
        return text if is_whole(text) else ""
    if _ELEMENT.search(text):
        ends = [found.end() for found in _ELEMENT_END.finditer(text)]
        return text[: ends[-1]] if ends else ""
    bare = _MARK.sub(lambda found: " " * len(found.group()), text)
    first = re.search(r"[\[{(]", bare)
    wrapped = first is not None and _WRAPPED.match(bare, first.start()) is not None
    opened, end = "", 0
    for token in bracket_tokens(bare):
        if token["open"] is not None:
            break
        sign = token.group()
        if sign in "[{(":
            opened += sign
        elif sign in "]})" and opened:
            opened = opened[:-1]
            if not opened or (sign != "]" and (opened == "[" or (wrapped and opened == "{["))):
                end = token.end()
    return text[:end]


def is_rest_of_call(text: str) -> bool:
    """Return whether what is behind the whole calls is more than brackets, fences and commas."""
    return re.search(r"[\w\"']", text) is not None
