"""Names of things and rooms: the ways in which a written name is said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, product, takewhile
from typing import Any
from unicodedata import combining, normalize

import msgspec

from satellite.errors import EngineFailed
from satellite.options import plain
from satellite.text.quoted import quoted
from servers.intents.spelling import Rewrite, Spelling

_MOST_FORMS = 32
"""Forms of a name at most; each part of it with several ways of saying it multiplies them."""

_MOST_DECLINED = 24
"""Declined forms of a name at most: two for each case."""

_HIGHEST = 9999
"""Largest number that is put into words; a larger one is an identifier."""

_LONGEST_INITIALS = 4
"""Letters of the longest word in capitals that may be spelled: "TV", "HVAC"."""

_SHORTEST_STEM, _LONGEST_ENDING = 3, 2
"""Letters of a declined word before its ending, and of the ending."""

_PART = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?|[^\w\s]|_")
_FIGURE_WITH_LETTERS = re.compile(r"\b\d+[^\W\d_]+\b")


class _Names(msgspec.Struct, frozen=True):
    """The section `names` of a language's file."""

    signs: dict[str, list[str]] = {}
    """Words for a sign; a blank separates words, an empty text joins them."""
    zero: list[str] = []
    """Further words for a zero within a number that is said digit by digit."""
    accents: bool = True
    """Whether the language has accents; without them, a name is understood with any or none."""
    short_forms: dict[str, list[str]] = {}
    """Words for a short form, without its full stop and in lower case; either may be the name."""
    cases: dict[str, list[Rewrite]] = {}
    """By grammatical case, endings of words and those that they have in this case; of each case,
    the first that fits a word. Names are written in the nominative, and said in every case."""


class Naming:
    """Knows the ways of saying a name in a language."""

    def __init__(self, language: str, names: _Names, spelling: Spelling) -> None:
        self._language = language
        self._signs: Mapping[str, Sequence[str]] = {"-": (" ", ""), "_": (" ",), **names.signs}
        self._zero = names.zero
        self._accents = names.accents
        self._same_words = _both_ways(names.short_forms)
        self._cases = [[_compiled(rule) for rule in rules] for rules in names.cases.values()]
        self._spelling = spelling

    @classmethod
    def make(cls, language: str, source: Mapping[str, Any], spelling: Spelling) -> Naming:
        """Read `names` from the content of a language's files. Raises `EngineFailed`."""
        try:
            return cls(language, msgspec.convert(source.get("names") or {}, _Names), spelling)
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: names: {plain(str(error))}") from error

    def forms(self, name: str) -> tuple[str, ...]:
        """Return the name as it is said and as it may be written, such as "lamp 2", "lamp two".

        Signs, figures and initials are said in more than one way, and a declined name in every
        case. The written name comes first.
        """
        declined = islice(self._declined(name), _MOST_DECLINED)
        forms = chain((name,), *map(self._spoken, chain((name,), declined)))
        return tuple(dict.fromkeys(filter(None, forms)))

    def without_accents(self, text: str) -> str:
        """Return a text without accents, if the language has none."""
        if self._accents or text.isascii():
            return text
        return "".join(c for c in normalize("NFD", text) if not combining(c))

    def named(self, name: str, names: Collection[str]) -> str | None:
        """Return the only one of `names` that is the name, in any case of either; or None.

        Names that people give, as to timers, are in the case of the sentence that gave them. Of two
        that are both declined, the ending alone differs.
        """
        folded = name.casefold()
        forms = self._folded(name) if self._cases else {folded}
        for fits in (
            lambda other: other == folded,
            lambda other: other in forms or (bool(self._cases) and folded in self._folded(other)),
            lambda other: bool(self._cases) and _differ_in_ending(folded, other),
        ):
            found = [other for other in dict.fromkeys(names) if fits(other.casefold())]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _folded(self, name: str) -> set[str]:
        return {form.casefold() for form in self.forms(name)}

    def _declined(self, name: str) -> Iterator[str]:
        """Yield the name in each case: all its words, or the first alone ("lamp of the cellar")."""
        words = name.split()
        for rules in self._cases:
            found = [_in_case(word, rules) for word in words]
            yield " ".join(found)
            yield " ".join((*found[:1], *words[1:]))

    def _spoken(self, name: str) -> Iterator[str]:
        """Yield the ways of saying the name."""
        name = _FIGURE_WITH_LETTERS.sub(lambda found: self._spelling.apply(found[0]), name)
        parts = [tuple(dict.fromkeys(self._ways(part))) for part in _PART.findall(name)]
        gaps = [" " if spaced else "" for spaced in _gaps(name)]
        for way in islice(product(*parts), _MOST_FORMS):
            yield " ".join("".join(a + b for a, b in zip(gaps, way, strict=True)).split())

    def _ways(self, part: str) -> Iterator[str]:
        if part.isdecimal():
            yield from self._number(part)
        elif part[0].isalnum():
            yield self._spelling.apply(part)
            yield self._spelling.apply(self.without_accents(part))
            yield from self._same_words.get(part.lower(), ())
            if 2 <= len(part) <= _LONGEST_INITIALS and part.isupper():
                yield " ".join(part)
            elif (digits := _digits(self._language).get(part.lower())) is not None:
                yield digits
        elif part in self._signs:
            yield from (f" {way} " if way.strip() else way for way in self._signs[part])
        else:
            yield part if part == "'" else " "

    def _number(self, digits: str) -> Iterator[str]:
        yield digits
        if int(digits) <= _HIGHEST:
            yield _words(self._language, int(digits))
        if len(digits) > 2 or digits[0] == "0":
            each = [[_words(self._language, int(digit))] for digit in digits]
            yield " ".join(words[0] for words in each)
            for zero in self._zero:
                yield " ".join(
                    zero if digit == "0" else words[0]
                    for digit, words in zip(digits, each, strict=True)
                )


def _both_ways(short_forms: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the words for each short form, and the short forms of each word."""
    found = {short: tuple(words) for short, words in short_forms.items()}
    for short, words in short_forms.items():
        for word in words:
            found[word] = (*found.get(word, ()), short)
    return found


def _compiled(rule: Rewrite) -> tuple[re.Pattern[str], str]:
    """Compile a rule for an ending. Raises `EngineFailed` for an invalid one."""
    try:
        pattern = re.compile(f"(?:{rule.pattern})$", re.IGNORECASE)
        pattern.sub(rule.replacement, "")
    except (re.error, IndexError) as error:
        raise EngineFailed(f"sentences: names: cases: {quoted(rule.pattern)}: {error}") from error
    return pattern, rule.replacement


def _differ_in_ending(name: str, other: str) -> bool:
    """Return whether each word of two names begins alike and differs in its last letters alone."""
    words, others = name.split(), other.split()
    return len(words) == len(others) and all(map(_is_alike, words, others))


def _is_alike(word: str, other: str) -> bool:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    stem = sum(1 for _ in pairs)
    longest = max(len(word), len(other))
    return stem == longest or (stem >= _SHORTEST_STEM and longest - stem <= _LONGEST_ENDING)


def _in_case(word: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in rules:
        if pattern.search(word):
            return pattern.sub(replacement, word, count=1)
    return word


def _gaps(name: str) -> Iterator[bool]:
    """Yield for each part of a name whether it is apart from the part before it."""
    end = 0
    for found in _PART.finditer(name):
        before, first = name[end - 1 : end], found[0][0]
        yield found.start() > end or (before.isalnum() and first.isalnum())
        end = found.end()


@lru_cache(1024)
def _words(language: str, number: int) -> str:
    """Return a number in words, without hyphens; in digits for a language without number words."""
    from hassil.numbers import get_rbnf_engine

    try:
        spoken = get_rbnf_engine(language).format_number(number).text
    except ValueError:
        return str(number)
    return spoken.replace("-", " ")


@lru_cache(8)
def _digits(language: str) -> dict[str, str]:
    """Return the numbers that are one word, in digits."""
    return {_words(language, number): str(number) for number in range(100)}
