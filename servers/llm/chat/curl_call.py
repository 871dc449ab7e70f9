"""Reads tool calls that are written as requests of curl.

`curl -X POST http://localhost/start_timer -d '{"minutes": 5}'` and
`curl http://localhost/start_timer?minutes=5` are such: the last part of the path is the name of a
tool. Such a request has one line, or its last lines are within the braces of its data.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

from servers.llm.chat.brackets import BracketScan, end_of_brackets
from servers.llm.chat.client import ToolCall
from servers.llm.chat.loose_arguments import loose_arguments, value_of
from servers.llm.chat.tool_names import canonical

PROGRAM = "curl"
_REQUEST = re.compile(r"curl[ \t]{1,4}(?=[-\"'h])", re.IGNORECASE)
_URL = re.compile(
    r"https?://[^\s\"'?#]{0,200}/(?P<name>[\w.-]{1,80})/?(?:\?(?P<query>[^\s\"'#]{0,500}))?"
    r"(?=[\s\"'#]|\Z)"
)
_DATA = re.compile(r"[{\[]")
_CONTINUED = re.compile(r"\\[ \t]*\n\s*")


def begins_request(text: str, at: int, tools: Collection[str]) -> bool | None:
    """Return whether a request of a tool begins at an index; None if more text decides."""
    if not _REQUEST.match(text, at):
        behind = text[at + len(PROGRAM) :]
        return None if not behind.strip(" \t") and len(behind) < 4 else False
    line, end, _ = _CONTINUED.sub(" ", text[at:]).partition("\n")
    for found in _URL.finditer(line):
        if found.end() < len(line) or found["query"] is not None or end:
            if canonical(found["name"]) in tools:
                return True
        else:
            return None
    return False if end else None


def end_of_request(text: str, scan: BracketScan) -> int | None:
    """Return the index behind a request with which a text begins; None if it is open."""
    line = text.find("\n", scan.line)
    while line >= 0 and text[max(0, line - 9) : line].rstrip(" \t").endswith("\\"):
        line = text.find("\n", line + 1)
    scan.line = len(text) if line < 0 else line
    if line < 0:
        return None
    return scan.end_of_line(text) if _DATA.search(text, 0, line) else line


def request_call(text: str, tools: Collection[str]) -> ToolCall | None:
    """Return the call of a passage that is a request of a tool; None for another."""
    text = text.strip().strip("`").strip()
    if not _REQUEST.match(text):
        return None
    for found in _URL.finditer(text):
        if canonical(found["name"]) in tools:
            if found["query"]:
                pairs = parse_qsl(found["query"], keep_blank_values=True)
                return ToolCall(found["name"], {key: value_of(value) for key, value in pairs})
            data = _DATA.search(text, found.end()) or _DATA.search(text)
            if data is None:
                return ToolCall(found["name"], {})
            end = end_of_brackets(text, data.start()) or len(text)
            return ToolCall(found["name"], loose_arguments(text[data.start() : end]))
    return None
