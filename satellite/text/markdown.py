"""Markdown and HTML: the words without the marks."""

from __future__ import annotations

import html
import re

_ENDED = re.compile(r"[.,;:!?…。！？]$")
_RULE = re.compile(r"(?:[-*_=] ?){3,}")
_TABLE_RULE = re.compile(r"\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?")
_HEADING = re.compile(r"#{1,6}\s+(.*?)[\s#]*")
_ITEM = re.compile(r"[-*+•‣◦]\s+(?:\[[ xX]\]\s+)?(.*)")
_QUOTE = re.compile(r"(?:>\s?)+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*>")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_TIMES = re.compile(r"(?<=\d)\s*\*\s*(?=\d)")
_IN_WORD = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
_MARKS = re.compile(r"[*`_]+|~~+")


def words(text: str) -> str:
    """Take the marks away. Of a list, a heading or a row of a table, each ends in a pause."""
    text = _TAG.sub(" ", html.unescape(text))
    text = _ESCAPE.sub(r"\1", text)
    text = "\n".join(filter(None, (_line(line.strip()) for line in text.splitlines())))
    text = _TIMES.sub(" × ", text)
    text = _IN_WORD.sub(" ", text)
    return _MARKS.sub("", text)


def _line(line: str) -> str:
    """A line without what marks it as a whole."""
    line = _QUOTE.sub("", line, count=1) if line.startswith(">") else line
    if _RULE.fullmatch(line) or ("-" in line and _TABLE_RULE.fullmatch(line)):
        return ""
    if heading := _HEADING.fullmatch(line):
        return _paused(heading[1], ".")
    if item := _ITEM.fullmatch(line):
        return _paused(item[1], ",")
    if line.startswith("|") and line.count("|") > 1:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        return _paused(", ".join(filter(None, cells)), ".")
    return line


def _paused(line: str, end: str) -> str:
    line = line.strip()
    return line if not line or _ENDED.search(line) else line + end
