"""Finds the marks of models in a text, and what may become one."""

from __future__ import annotations

import re
from collections.abc import Collection

from servers.llm.chat.marks import (
    BEGINNINGS,
    CALLS,
    DROPPED,
    HEADERS,
    LONE,
    MESSAGE_ENDS,
    REASONING,
)

NEVER = "\0"
"""Closing mark of a passage that extends to the end."""

_MARKS = (*REASONING, *LONE, *CALLS, *HEADERS, *DROPPED)
_KNOWN = {mark.lower(): mark for mark in _MARKS}
_CONTROL = re.compile(r"<\|[\w/]{1,40}\|>")
"""A model's control tokens, such as <|eot_id|>."""
_MAYBE_CONTROL = re.compile(r"<(?:\|(?:[\w/]{0,40}\|?)?)?\Z")
_FIRST_SIGNS = "".join(sorted({mark[0] for mark in _MARKS}))
_LONGEST_MARK = max(map(len, _MARKS))


def _pattern(marks: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(set(marks), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE | re.ASCII)


_ANY_MARK = _pattern(_MARKS)
CLOSINGS = {
    mark: _pattern([mark])
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


def next_mark(text: str) -> re.Match[str] | None:
    """Return the first mark in a text."""
    found = [pattern.search(text) for pattern in (_ANY_MARK, _CONTROL)]
    # at the same place, a known mark precedes a control token
    return min((m for m in found if m), key=lambda match: match.start(), default=None)


def known(written: str) -> str:
    """Return a mark as `marks` spells it; empty for a control token."""
    return _KNOWN.get(written.lower(), "")


def unfinished(text: str) -> int:
    """Return how many characters at the end of a text may begin a mark."""
    tail = text[-_LONGEST_MARK:].lower()
    longest = 0
    if any(sign.lower() in tail for sign in _FIRST_SIGNS):
        for mark in _KNOWN:
            for size in range(min(len(mark) - 1, len(tail)), longest, -1):
                if tail.endswith(mark[:size]):
                    longest = size
                    break
    control = _MAYBE_CONTROL.search(text)
    return max(longest, len(text) - control.start() if control else 0)
