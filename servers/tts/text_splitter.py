"""Division of long texts where a speaker would breathe, so that the first words play at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from satellite.text.boundaries import Boundaries
from satellite.text.rules import TextRules

FIRST = 7.5
"""Seconds of speech of the longest first piece, so that it begins quickly."""
LATER = 23.0
"""Seconds of speech of the longest later piece."""
_BEYOND = 40
"""Characters behind the limit that decide whether a sentence ends there."""
_LINE = re.compile(r"\n\s*")
_SPACE = re.compile(r"\s*")


def split_text(
    text: str, first: int | None = None, most: int | None = None, rules: TextRules | None = None
) -> Iterator[str]:
    """Yield the pieces of a text that have audible content, of at most `most` characters each.

    The first one has at most `first` characters; by default they are as long as `FIRST` and
    `LATER`. A piece ends after the last sentence within the limit, otherwise after the last
    clause, the last word, or at the limit itself. `rules` are those of the text's language.
    """
    boundaries = Boundaries(rules or TextRules())
    start, begun = 0, False
    while start < len(text):
        limit, seconds = (most, LATER) if begun else (first, FIRST)
        ahead = text[start : start + 4 * boundaries.characters(seconds)]
        end = start + _cut(text, start, limit or boundaries.characters(seconds, ahead), boundaries)
        piece = text[start:end]
        if any(is_audible(character) for character in piece):
            yield piece
            begun = True
        start = end


def _cut(text: str, start: int, size: int, boundaries: Boundaries) -> int:
    """Return the length of the piece from `start`."""
    if len(text) - start <= size:
        return len(text) - start
    window = text[start : start + size + _BEYOND]
    final = len(window) == len(text) - start
    sentence = at = 0
    while (end := boundaries.sentence(window, at, final=final)) is not None and end <= size:
        sentence = at = end
    lines = [match.end() for match in _LINE.finditer(window, 0, size)]
    sentence = max([sentence, *lines])
    if sentence:
        space = _SPACE.match(window, sentence, size)
        return space.end() if space else sentence
    clauses = [*boundaries.clauses(window, 0, size), *boundaries.spaces(window, 0, size)]
    return max(clauses) if clauses else boundaries.last_resort(window, 0, size)


def is_audible(character: str) -> bool:
    """Return whether a character is spoken: punctuation, separators and controls are not."""
    return unicodedata.category(character)[0] not in "PZC"
