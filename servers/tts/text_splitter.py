"""Division of long texts where a speaker would breathe, so that the first words play at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

FIRST = 100
"""Most characters of the first piece: some 7 s of speech, so that it begins quickly."""
LATER = 300
"""Most characters of a later piece: some 20 s of speech."""

_ENDS = (
    re.compile(r"[.!?…:;]+[\"'”’)\]]*\s+|[。！？；]|\n\s*"),
    re.compile(r",\s+|[،，、]\s*|\s[-–—]+\s"),
    re.compile(r"\s+"),
)
"""Where to cut, in order of preference: after a sentence, a clause, a word."""


def split_text(text: str, first: int = FIRST, most: int = LATER) -> Iterator[str]:
    """Yield the pieces of a text that have audible content, of at most `most` characters each.

    The first one has at most `first` characters. A piece ends after the last sentence within the
    limit, otherwise after the last clause, the last word, or at the limit itself.
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
    """Return whether a character is spoken: punctuation, separators and controls are not."""
    return unicodedata.category(character)[0] not in "PZC"
