"""Markdown and HTML: the words without the markup."""

from __future__ import annotations

import html
import re

_ENDED = re.compile(r"[.,;:!?…。！？]$")
_RULE = re.compile(r"(?:[-*_=] ?){3,}")
_TABLE_RULE = re.compile(r"\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?")
_PREFIX = re.compile(r"(?:>\s?|#{1,6}\s+|[-*+•‣◦]\s+(?:\[[ xX]\]\s+)?)+")
"""Marks of a quote, a heading or a list item, and any of these within another."""
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*>")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_POWER = re.compile(r"(?<=\d)\*\*(?=\d)")
_TIMES = re.compile(r"(?<=\d)\s*\*\s*(?=\d)")
_IN_WORD = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
_MARKS = re.compile(r"[*`_]+|~~+|(?<![=\S])==(?=[^\s=])|(?<=[^\s=])==(?![=\w])")


def strip_markup(text: str) -> str:
    """Remove the markup. Every list item, heading and table row ends in a pause."""
    text = _TAG.sub(" ", html.unescape(text))
    text = _ESCAPE.sub(r"\1", text)
    text = "\n".join(filter(None, (_line(line.strip()) for line in text.splitlines())))
    text = _POWER.sub("^", text)
    text = _TIMES.sub(" × ", text)
    text = _IN_WORD.sub(" ", text)
    return _MARKS.sub("", text)


def _line(line: str) -> str:
    """Remove what makes a line a quote, rule, heading, list item or table row."""
    unquoted = line.lstrip("> ") if line.startswith(">") else line
    if _RULE.fullmatch(unquoted) or ("-" in line and _TABLE_RULE.fullmatch(unquoted)):
        return ""
    if prefix := _PREFIX.match(line):
        line = line[prefix.end() :]
        if "#" in prefix[0]:
            return _paused(line.rstrip("# \t"), ".")
        return line if prefix[0].strip("> ") == "" else _paused(line, ",")
    if line.startswith("|") and line.count("|") > 1:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        return _paused(", ".join(filter(None, cells)), ".")
    return line


def _paused(line: str, end: str) -> str:
    line = line.strip()
    return line if not line or _ENDED.search(line) else line + end
