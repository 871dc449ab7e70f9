"""Finds what models write before a tool call: bullets, quotations, headings, "Action:".

A lead begins a line or follows a sentence, and the call follows it at once. Everything here takes a
text with a few characters before the part in question, which show whether a line begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from servers.llm.chat.marks import LEAD_SIGNS, LEAD_WORDS

_REACH = 200
"""Most characters of a lead."""

_BEGINS = r"(?:(?<=\n)|(?<=[.!?…:;]\s)|(?<=[.!?…][\"')\]]\s)|(?<=[。！？：；]))[ \t]*"
_WORDS = "|".join(map(re.escape, sorted(LEAD_WORDS, key=len, reverse=True)))
_ITEM = (
    rf"(?:[{re.escape(LEAD_SIGNS)}]|#?\d{{1,2}}(?!\w)[.)]?|(?:{_WORDS})(?![(.]|_*[^\W_])"
    rf"|\[(?:(?:{_WORDS})[ ]?){{1,3}}\])"
)
_LEAD = rf"(?P<lead>{_ITEM}(?:{_ITEM}|[\s:：]){{0,40}}+)"
"""Possessive, since a lead is read in one way only: a model must not make this search for long."""
_HALVES = {word[:size] for word in LEAD_WORDS for size in range(1, len(word))}
_HALF = "|".join(map(re.escape, sorted(_HALVES, key=len, reverse=True)))

_ANY = re.compile(_BEGINS + _LEAD, re.IGNORECASE)
_WHOLE = re.compile(rf"{_BEGINS}{_LEAD}\Z", re.IGNORECASE)
_MAYBE = re.compile(rf"{_BEGINS}(?:{_LEAD}(?:{_HALF})?|(?P<half>{_HALF}))\Z", re.IGNORECASE)
_LABEL = re.compile(r"[^\W\d][\s\d#*_\"']*[:：]")
_IN_BLOCK = re.compile(
    r"(?:[ \t]*(?:#|//|(?:from|import)[ ])[^\n]{0,200}\n\s*)*"
    r"(?:(?P<open>[ \t]*(?:(?:#|//|(?:from|import)[ ])[^\n]{0,200}|/|fro?m?|im(?:po?r?t?)?)\Z)"
    rf"|(?:{_LEAD})?(?P<half>(?:{_HALF})\Z)?)",
    re.IGNORECASE,
)
"""Comments, one that may go on, a lead, and a word of another one that may go on."""


class WordLead(msgspec.Struct, frozen=True):
    """A lead before a word."""

    start: int
    end: int
    line: bool
    """Whether a Python call may follow it, as it may at the beginning of a line."""


def lead_start(text: str, at: int, first: int) -> int:
    """Return where the lead begins that ends at an index; the index itself if there is none.

    Args:
        text: The text, with what was before it.
        at: Index of a call.
        first: Index before which no lead begins.
    """
    return _start(_WHOLE, text[:at], first)


def maybe_lead_start(text: str, first: int) -> int:
    """Return where the end of a text begins that may become a lead; its length if there is none."""
    return _start(_MAYBE, text, first)


def _start(pattern: re.Pattern[str], text: str, first: int) -> int:
    found = pattern.search(text, max(first, len(text) - _REACH))
    if found is None:
        return len(text)
    start = found.start("lead")
    return start if start >= 0 else found.start("half")


def leads_before_words(text: str, first: int) -> Iterator[WordLead]:
    """Yield the leads that a word follows."""
    for found in _ANY.finditer(text, first):
        if text[found.end() : found.end() + 1].isalpha() or text[found.end() :].startswith("_"):
            lead = found["lead"]
            earlier, _, last = lead.rpartition("\n")
            if re.search(r"[^\W\d_]", last):
                line = is_label(last) or last.strip()[:1] in ("*", "_")  # a stage direction
            else:
                begins = text[: found.start()].rstrip(" \t").endswith("\n")
                line = bool(earlier) or begins or lead.strip().startswith("/")
            yield WordLead(found.start("lead"), found.end(), line)


def is_label(lead: str) -> bool:
    """Return whether a lead has a word with a colon, as ordinary text rarely has before a call."""
    return _LABEL.search(lead) is not None


def call_in_block(text: str, at: int) -> int:
    """Return the index behind the comments and the lead at the beginning of a block of code; the
    length of the text while they may go on."""
    found = _IN_BLOCK.match(text, at)
    if found is None:
        return at
    return len(text) if found["open"] or found["half"] else found.end()
