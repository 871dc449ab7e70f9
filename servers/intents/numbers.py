"""Numbers in words, by the spelling rules of Unicode's CLDR (package unicode-rbnf)."""

from __future__ import annotations

from collections.abc import Iterator


def spoken(number: int, language: str = "en") -> str:
    """Write a whole number in words without hyphens: "twenty five".

    It is the form that the sentences understand. Raises `ValueError` for an unknown language.
    """
    from hassil.numbers import get_rbnf_engine

    return str(get_rbnf_engine(language).format_number(number).text).replace("-", " ")


def spoken_range(start: int, stop: int, step: int = 1, language: str = "en") -> Iterator[str]:
    """Yield the numbers of a sentence's range, `stop` included, in words."""
    for number in range(start, stop + 1, step):
        yield spoken(number, language)
