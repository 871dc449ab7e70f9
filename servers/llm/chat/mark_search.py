"""Finds the marks of models in a text, and what may become one."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from servers.llm.chat.marks import (
    BEGINNINGS,
    CALLS,
    DROPPED,
    HEADERS,
    LONE,
    MESSAGE_ENDS,
    NAMESPACES,
    OTHER_CLOSINGS,
    REASONING,
    REASONING_ELEMENTS,
    UNSURE_ELEMENTS,
)
from servers.llm.chat.tool_names import canonical

_UNSURE = frozenset(map(canonical, UNSURE_ELEMENTS))

NEVER = "\0"
"""Closing mark of a passage that extends to the end."""

_MARKS = (*REASONING, *LONE, *CALLS, *HEADERS, *DROPPED)
_KNOWN = {mark.lower(): mark for mark in _MARKS}
_CONTROL = re.compile(r"<\|[\w/]{1,40}\|>")
"""A model's control tokens, such as <|eot_id|>."""
_MAYBE_CONTROL = re.compile(r"<(?:\|(?:[\w/]{0,40}\|?)?)?\Z")
_FIRST_SIGNS = "".join(sorted({mark[0].lower() for mark in _MARKS}))
_HALVES = frozenset(mark[:size].lower() for mark in _MARKS for size in range(1, len(mark)))
_LONGEST_ELEMENT = 460
_LONGEST_MARK = max(map(len, _MARKS))


def _pattern(marks: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(set(marks), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE | re.ASCII)


_ANY_MARK = _pattern(_MARKS)
CLOSINGS = {
    mark: _pattern([mark, *OTHER_CLOSINGS.get(mark, ())])
    for mark in (
        *REASONING.values(),
        *CALLS.values(),
        *HEADERS.values(),
        *BEGINNINGS.values(),
        NEVER,
    )
}
"""Patterns of the closing marks."""
MESSAGE_END = _pattern(MESSAGE_ENDS)


_NAMES = "|".join(
    sorted({name.replace("_", "[_-]?") for name in REASONING_ELEMENTS}, key=len, reverse=True)
)
_SPACE = r"(?:[a-z]{1,20}:)?"
_ELEMENT = re.compile(
    rf"<\s?{_SPACE}(?P<name>{_NAMES})(?:\s[^<>]{{0,200}})?>"
    rf"|</\s?{_SPACE}(?P<end>{_NAMES})\s{{0,9}}>"
    r"|<(?P<details>details)(?:\s[^<>]{0,200})?(?:"
    r"(?<=reasoning)[^<>]{0,200}>|(?<=type=.reasoning.)[^<>]{0,200}>"
    r"|>\s{0,9}<summary>\s{0,9}(?:thought|thinking|reasoning)\b)",
    re.IGNORECASE,
)
"""Elements of reasoning with attributes, namespaces and other separators than `marks` has."""
_MAYBE_ELEMENT = re.compile(
    rf"<(?:/?\s?{_SPACE}(?:(?P<part>[a-z_-]{{0,20}})|(?:{_NAMES})\s[^<>]{{0,200}})"
    r"|details(?:\s[^<>]{0,200})?(?:>\s{0,9}(?:<[a-z]{0,7}>?\s{0,9}[a-z]{0,9})?)?)\Z",
    re.IGNORECASE,
)
_PARTS = frozenset(
    name[:size]
    for written in (*REASONING_ELEMENTS, "details", *NAMESPACES)
    for name in (
        written.lower(),
        written.lower().replace("_", "-"),
        written.lower().replace("_", ""),
    )
    for size in range(len(name) + 1)
)


def next_mark(text: str) -> re.Match[str] | None:
    """Return the first mark in a text."""
    found = [pattern.search(text) for pattern in (_ANY_MARK, _CONTROL)]
    if "<" in text:
        found.append(_ELEMENT.search(text))
    # at the same place, a known mark precedes a control token
    return min((m for m in found if m), key=lambda match: match.start(), default=None)


def known(written: str) -> str:
    """Return a mark as `marks` spells it; empty for a control token."""
    return _KNOWN.get(written.lower(), "")


def reasoning_closing(found: re.Match[str]) -> re.Pattern[str] | None:
    """Return the pattern of the end of the reasoning that an element begins; None for another."""
    if found.re is not _ELEMENT or found["end"]:
        return None
    return _closing(found["name"] or found["details"])


@lru_cache(64)
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</\s?{_SPACE}{re.escape(name)}\s{{0,9}}>", re.IGNORECASE)


def is_unsure(written: str) -> bool:
    """Return whether an opening mark of reasoning may be ordinary text if it is never closed."""
    return canonical(written.partition(" ")[0]) in _UNSURE


def ends_reasoning(found: re.Match[str]) -> bool:
    """Return whether a mark is the end of an element of reasoning."""
    return found.re is _ELEMENT and found["end"] is not None


def unfinished(text: str) -> int:
    """Return how many characters at the end of a text may begin a mark."""
    tail = text[-_LONGEST_MARK:].lower()
    longest = 0
    if any(sign in tail for sign in _FIRST_SIGNS):
        longest = next((n for n in range(len(tail), 0, -1) if tail[-n:] in _HALVES), 0)
    if "<" not in text[-_LONGEST_ELEMENT:]:
        return longest
    for pattern in (_MAYBE_CONTROL, _MAYBE_ELEMENT):
        found = pattern.search(text, max(0, len(text) - _LONGEST_ELEMENT))
        if found and (pattern is _MAYBE_CONTROL or (found["part"] or "").lower() in _PARTS):
            longest = max(longest, len(text) - found.start())
    return longest
