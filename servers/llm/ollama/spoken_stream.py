"""Removes reasoning and tool syntax from a model's text, which leaves the spoken text."""

from __future__ import annotations

import re

_PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<|thinking|>": "<|/thinking|>",
    "<reasoning>": "</reasoning>",
    "<tool_call>": "</tool_call>",
    "<tool_response>": "</tool_response>",
    "<|tool_call|>": "<|/tool_call|>",
    "<function_call>": "</function_call>",
    "<|python_tag|>": "<|eom_id|>",
    "[TOOL_CALLS]": "\n",
}
"""The marks that open and close unspoken passages, as models are trained to write them. A passage
without its closing mark extends to the end."""

_STRAY = ("</think>", "</thinking>", "</tool_call>", "</reasoning>")
"""Closing marks that are removed without an opening: some templates write that themselves."""

_CONTROL = re.compile(r"<\|[\w/]{1,40}\|>")
"""A model's control tokens, such as <|eot_id|>."""

_MAYBE_CONTROL = re.compile(r"<(?:\|(?:[\w/]{0,40}\|?)?)?\Z")

_OPENINGS = re.compile(
    "|".join(map(re.escape, sorted((*_PAIRS, *_STRAY), key=len, reverse=True))),
    re.IGNORECASE | re.ASCII,
)

_CLOSINGS = {
    closing: re.compile(re.escape(closing), re.IGNORECASE | re.ASCII) for closing in _PAIRS.values()
}


class SpokenStream:
    """Takes a model's text in pieces of any size and returns the spoken text.

    The size of the pieces does not change the spoken text as a whole. Space before the first word
    is removed.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._closing: str | None = None
        self._begun = False

    def push(self, text: str) -> str:
        """Add text; return the text now known to be spoken."""
        self._pending += text
        return self._take(last=False)

    def flush(self) -> str:
        """Return the rest of the spoken text at the end."""
        return self._take(last=True)

    def _take(self, *, last: bool) -> str:
        spoken = ""
        while True:
            if self._closing is not None:
                if not self._skip(last):
                    break
            elif found := self._next():
                spoken += self._pending[: found.start()]
                self._pending = self._pending[found.end() :]
                self._closing = _PAIRS.get(_canonical(found.group()))
            else:
                keep = 0 if last else _unfinished(self._pending)
                at = len(self._pending) - keep
                spoken += self._pending[:at]
                self._pending = self._pending[at:]
                break
        if not self._begun:
            spoken = spoken.lstrip()
            self._begun = bool(spoken)
        return spoken

    def _next(self) -> re.Match[str] | None:
        """Return the first mark in the pending text."""
        found = [pattern.search(self._pending) for pattern in (_OPENINGS, _CONTROL)]
        # at the same place, a known mark precedes a control token
        return min((m for m in found if m), key=lambda match: match.start(), default=None)

    def _skip(self, last: bool) -> bool:
        """Drop the text before the closing mark; return whether that has come."""
        assert self._closing is not None
        if found := _CLOSINGS[self._closing].search(self._pending):
            self._pending = self._pending[found.end() :]
            self._closing = None
            return True
        keep = 0 if last else len(self._closing) - 1
        self._pending = self._pending[max(0, len(self._pending) - keep) :]
        return False


def _canonical(mark: str) -> str:
    return next((known for known in _PAIRS if known.lower() == mark.lower()), mark)


def _unfinished(text: str) -> int:
    """Return how many characters at the end of a text may begin a mark."""
    lower = text.lower()
    longest = 0
    for mark in (*_PAIRS, *_STRAY):
        for size in range(min(len(mark) - 1, len(text)), longest, -1):
            if lower.endswith(mark[:size].lower()):
                longest = size
                break
    control = _MAYBE_CONTROL.search(text)
    return max(longest, len(text) - control.start() if control else 0)
