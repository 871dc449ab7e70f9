"""The normalization table of a language: the part `spoken` of its pack."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import msgspec

from satellite.languages.pack import find


class Years(msgspec.Struct, frozen=True):
    """Patterns of year numbers in words, and the words that precede a year of four digits."""

    after: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()


class RomanNumerals(msgspec.Struct, frozen=True):
    """Where Roman numerals are numbers, and how they are said."""

    numbered: tuple[str, ...] = ()
    """What has a number behind it: chapter, volume."""
    rulers: tuple[str, ...] = ()
    """Names of monarchs, which are counted in ordinal numbers."""
    titles: tuple[str, ...] = ()
    """Before a monarch's name; with one, "I" is a number."""
    of: tuple[str, ...] = ()
    """Words after a monarch's name that make "I" a number."""
    ordinal: str = "{number}"
    centuries: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    """Capitalized words that are no name."""
    not_before: tuple[str, ...] = ()
    """Words before which the letters are an abbreviation."""


class Digits(msgspec.Struct, frozen=True):
    """Which numbers are said figure by figure."""

    after: tuple[str, ...] = ()
    """What such a number follows: PIN, code."""
    between: tuple[str, ...] = ()
    """Words that may stand between the two."""
    plus: str = ""
    """The sign before a country's code in words; without it, telephone numbers stay as they are."""


class Table(msgspec.Struct, frozen=True):
    """Short written forms of a language and the words that people say for them."""

    months: tuple[str, ...] = ()
    short_months: dict[str, str] = {}
    days: tuple[str, ...] = ()
    short_days: dict[str, str] = {}
    month_first: tuple[str, ...] = ()
    date: str = "{day} {month} {year}"
    day_month: str = "{day} {month}"
    ordinals: dict[str, str] = {}
    years: Years = Years()
    currencies: dict[str, tuple[str, str, str, str]] = {}
    conjunction: str = msgspec.field(default="", name="and")
    scales: tuple[str, ...] = ()
    scale_words: dict[str, str] = {}
    units: dict[str, tuple[str, str]] = {}
    spaced: tuple[str, ...] = ()
    digits: Digits = Digits()
    per: str = ""
    fractions: dict[str, tuple[str, str, str]] = {}
    fractions_not_after: tuple[str, ...] = ()
    numerators: tuple[str, ...] = ()
    range: str = ""
    minus: str = ""
    romans: RomanNumerals = RomanNumerals()
    symbols: dict[str, str] = {}
    unreadable: str = ""
    titles: dict[str, str] = {}
    abbreviations: dict[str, str] = {}
    first: tuple[tuple[str, str], ...] = ()
    last: tuple[tuple[str, str], ...] = ()


Rule = tuple[re.Pattern[str], str]


def rules(pairs: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    """Compile pairs of a pattern and its words, in their order."""
    return tuple((re.compile(pattern), words) for pattern, words in pairs)


def apply(rules: Iterable[Rule], text: str) -> str:
    """Apply rules to a text, one after another."""
    for pattern, words in rules:
        text = pattern.sub(words, text)
    return text


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of these words, preferring the longest."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@functools.cache
def table(language: str) -> Table | None:
    """Return the table of a language (`en`, `pt-BR`); None if it has none."""
    found = find(language)
    return found.read("spoken", Table) if found and found.part("spoken") else None
