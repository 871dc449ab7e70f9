"""The normalization table of a language: the part `spoken` of its pack."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import msgspec

from satellite.languages.pack import Pack, find
from satellite.languages.plurals import Plurals, check_forms, plurals_of
from servers.tts.normalization.numerals import Numerals
from servers.tts.normalization.rewriting import Words


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


Forms = str | tuple[str, str] | dict[str, str]
"""Words for a number of things: the same for all, for one and several, or by plural category.

`{}` in them is the place of the number. The category `fraction` is for numbers with decimals."""


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A currency: the words for it, and for its hundredth part."""

    unit: Forms
    part: Forms = ""

    def __post_init__(self) -> None:
        check_forms(self.unit)
        check_forms(self.part)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Short written forms of a language and the words that people say for them."""

    decimal: str = "."
    """The decimal mark; with a comma, full stops and spaces separate thousands."""
    space: str = " "
    """What stands between a number and its unit."""
    numerals: Numerals | None = None
    """In which all numbers are written, where a voice reads figures wrongly."""
    wetext: str = ""
    """The language for the package wetext, which normalizes, if installed, what the rules leave."""
    before_wetext: tuple[tuple[str, str], ...] = ()
    """Rules for what it says wrongly."""
    lists: dict[str, Words] = {}
    """Words that rules choose from."""
    rules: tuple[tuple[str, str], ...] = ()
    """Applied before everything else; see `rewriting`."""
    genitive_after: tuple[str, ...] = ()
    """Words before a number whose unit is then in the genitive: as for several, or for decimals."""
    money: dict[str, Money] = {}
    money_parts: str = "{number} {unit}"
    """How an amount with hundredth parts is said: with number, whole, unit, cents, part."""
    money_cents: str = "{cents} {part}"
    """How one under a whole unit is said."""

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
    units: dict[str, Forms] = {}
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

    def __post_init__(self) -> None:
        for forms in self.units.values():
            check_forms(forms)


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


def pair(forms: Forms) -> tuple[str, str]:
    """Return the words for one and for several."""
    if isinstance(forms, dict):
        return forms.get("one", forms["other"]), forms["other"]
    return (forms, forms) if isinstance(forms, str) else forms


@functools.cache
def table(language: str) -> tuple[Table, Plurals] | None:
    """Return the table of a language (`en`, `pt-BR`) and its plurals; None if it has none."""
    found: Pack | None = find(language)
    if found is None or not found.part("spoken"):
        return None
    return found.read("spoken", Table), plurals_of(found)
