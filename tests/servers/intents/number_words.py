"""Numbers in words, by the spelling rules of Unicode's CLDR (package unicode-rbnf)."""

from __future__ import annotations

from hassil.numbers import get_rbnf_engine


def in_words(number: int, language: str = "en") -> str:
    """Return a whole number in words without hyphens, as the sentences have it: "twenty five"."""
    return str(get_rbnf_engine(language).format_number(number).text).replace("-", " ")
