"""Long texts cut where a speaker would breathe, so that the first words are heard at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

FIRST = 100
"""Characters of the first piece at most: some 7 s of speech, so that it begins quickly."""
LATER = 300
"""Characters of any other piece at most: some 20 s of speech."""

_ENDS = (
    re.compile(r"[.!?…:;]+[\"'”’)\]]*\s+|[。！？；]|\n\s*"),
    re.compile(r",\s+|[،，、]\s*|\s[-–—]+\s"),
    re.compile(r"\s+"),
)
"""Where to cut, best first: after a sentence, a clause, a word."""


def split_text(text: str, first: int = FIRST, most: int = LATER) -> Iterator[str]:
    """Cut a text into pieces of at most `most` characters, of which each has something to say.

    Each cut is the last sentence's end in reach, or else the last clause's, the last word's, or
    at the limit itself.
    """
    start, size = 0, first
    while start < len(text):
        end = _cut(text, start, size)
        piece = text[start:end]
        if any(is_audible(character) for character in piece):
            yield piece
            size = most
        start = end


def _cut(text: str, start: int, size: int) -> int:
    if len(text) - start <= size:
        return len(text)
    for pattern in _ENDS:
        ends = [match.end() for match in pattern.finditer(text, start, start + size)]
        if ends:
            return ends[-1]
    return start + size


def is_audible(character: str) -> bool:
    """Whether a character can be heard: punctuation, separators and control characters cannot."""
    return unicodedata.category(character)[0] not in "PZC"
