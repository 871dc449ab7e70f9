"""Finds sentences that announce a tool call, and belong to it: "I'll call `start_timer` with".

Only sentences that name a tool as text never does are of this kind: with its underscore or inner
capitals, or as code. Such a sentence is held back until it ends; others are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from servers.llm.chat.tool_names import canonical, is_distinct

LONGEST = 250
"""Most characters of such a sentence."""

_VERBS = ("call", "use", "invoke", "run", "execute")
_ACTIVE = ("calling", "using", "invoking", "running", "executing")
_NOUNS = ("function", "tool", "api", "command")
_PERSONS = (
    *("i will", "i'll", "i’ll", "i can", "i should", "i must", "i need to", "let me", "let's"),
    *("let’s", "i will now", "i'll now", "i would", "i want to", "we can", "we need to", "we will"),
)
OPENINGS = frozenset(
    (
        *(f"{person} {verb}" for person in _PERSONS for verb in _VERBS),
        *(f"{start} {noun}" for start in ("the", "this", "a", "my") for noun in _NOUNS),
        *(f"i am {verb}" for verb in _ACTIVE),
        *(f"i'm {verb}" for verb in _ACTIVE),
        *(f"i’m {verb}" for verb in _ACTIVE),
        *_ACTIVE,
    )
)
"""Words with which such sentences begin."""
_HALVES = frozenset(words[:size] for words in OPENINGS for size in range(1, len(words) + 1))
_LONGEST_OPENING = max(map(len, OPENINGS))
_WORDS = re.compile(r"[^\W\d_]['’\w]*(?: {1,2}[^\W\d_]['’\w]*){0,3}")
_NAME = re.compile(r"(?P<code>[`\"'*]{0,2})(?P<name>[A-Za-z][\w./-]*)(?P<open>\(?)")
_SENTENCE_END = re.compile(r"[.!?…:](?=\s)|[。！？：]|\n")


class Announcement:
    """A sentence that may announce a call."""

    def __init__(
        self, name: int | None, end: int | None, braces: int | None, opened: int | None
    ) -> None:
        self.name = name
        """Index of a tool's name in it."""
        self.end = end
        """Index behind it; None while it goes on."""
        self.braces = braces
        """Index of the braces of the arguments in it."""
        self.opened = opened
        """Index of a parenthesis behind the tool's name."""


def opens(text: str, at: int) -> bool | None:
    """Return whether a sentence begins as announcements do; None if more text decides."""
    start = re.sub(r"\s+", " ", text[at : at + _LONGEST_OPENING + 8].lower())
    for end in range(min(len(start), _LONGEST_OPENING), 0, -1):
        if start[:end] in OPENINGS and not start[end : end + 1].isalpha():
            return True if len(start) > end else None
    return None if start in _HALVES else False


def announcement(text: str, at: int, tools: Collection[str]) -> Announcement:
    """Return what is known of a sentence from its beginning on."""
    found = _SENTENCE_END.search(text, at)
    braces = text.find("{", at)
    if 0 <= braces < (found.start() if found else len(text)):
        found = None
    end = found.end() if found else (braces if braces >= 0 else len(text))
    name = opened = None
    for word in _NAME.finditer(text, at, end):
        known = canonical(word["name"].strip("./")) in tools
        if known and (is_distinct(word["name"]) or "`" in word["code"]):
            name, opened = word.start("name"), word.start("open") if word["open"] else None
    in_braces = braces if braces >= 0 and not found else None
    return Announcement(name, found.end() if found else None, in_braces, opened)
