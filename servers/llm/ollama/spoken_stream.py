"""What of a model's text is for a person: thinking and the syntax of tools are taken out."""

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
"""What opens a passage that nobody shall hear, and what closes it, as models are trained to write
them. One that is not closed goes on to the end."""

_STRAY = ("</think>", "</thinking>", "</tool_call>", "</reasoning>")
"""Closings without an opening are left out: some templates write the opening themselves."""

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
    """Push a model's text in pieces of any size; take what a person shall hear.

    How the text is cut into pieces makes no difference to the whole of what comes out. Space
    before the first word is left out.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closing: str | None = None
        self._begun = False

    def push(self, text: str) -> str:
        """Add text; return what is now known to be for a person."""
        self._held += text
        return self._take(last=False)

    def flush(self) -> str:
        """The text is over: return the rest."""
        return self._take(last=True)

    def _take(self, *, last: bool) -> str:
        heard = ""
        while True:
            if self._closing is not None:
                if not self._skip(last):
                    break
            elif found := self._next():
                heard += self._held[: found.start()]
                self._held = self._held[found.end() :]
                self._closing = _PAIRS.get(_canonical(found.group()))
            else:
                keep = 0 if last else _unfinished(self._held)
                at = len(self._held) - keep
                heard += self._held[:at]
                self._held = self._held[at:]
                break
        if not self._begun:
            heard = heard.lstrip()
            self._begun = bool(heard)
        return heard

    def _next(self) -> re.Match[str] | None:
        """The first mark that stands in what is held."""
        found = [pattern.search(self._held) for pattern in (_OPENINGS, _CONTROL)]
        # a known mark counts before a control token at the same place
        return min((m for m in found if m), key=lambda match: match.start(), default=None)

    def _skip(self, last: bool) -> bool:
        """Leave out what lies before the closing; say whether it came."""
        assert self._closing is not None
        if found := _CLOSINGS[self._closing].search(self._held):
            self._held = self._held[found.end() :]
            self._closing = None
            return True
        keep = 0 if last else len(self._closing) - 1
        self._held = self._held[max(0, len(self._held) - keep) :]
        return False


def _canonical(mark: str) -> str:
    return next((known for known in _PAIRS if known.lower() == mark.lower()), mark)


def _unfinished(text: str) -> int:
    """How many characters at the end of a text may be the beginning of a mark."""
    lower = text.lower()
    longest = 0
    for mark in (*_PAIRS, *_STRAY):
        for size in range(min(len(mark) - 1, len(text)), longest, -1):
            if lower.endswith(mark[:size].lower()):
                longest = size
                break
    control = _MAYBE_CONTROL.search(text)
    return max(longest, len(text) - control.start() if control else 0)
