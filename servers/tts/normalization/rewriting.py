"""Rules that rewrite a text: patterns, and words that may be chosen by what a pattern found.

A pattern may name a list of the table: `{month}` matches any of its words. In the words,
`{1:month}` is the entry of that list for the first group: by its number, by its text, or, where the
list has plural categories, by the category of the number. `{1:int}` is a number without zeros in
front, `{1:digits}` its figures one by one, `{1:number}` the number in numerals, and `{1:phone}` the
entries of the list `figure` for its figures; `{1:roman}` is a Roman numeral in figures. A match for
which a list has no entry stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from satellite.languages.plurals import CATEGORIES, OTHER, Plurals
from servers.tts.normalization.numerals import Numerals
from servers.tts.normalization.roman_value import value

Words = tuple[str, ...] | dict[str, str]
"""A list of a table: by number from 1, by text, or by plural category."""

_ROMAN = re.compile("[IVXLC]+")
_NAME = re.compile(r"\{([a-z_]+)\}")
_PART = re.compile(r"\\(\d)|\{(\d):([a-z_]+)\}")


class NoEntryError(LookupError):
    """A list has no entry for what a pattern found."""


class Vocabulary:
    """The lists of a table, its numbers and its plural forms."""

    def __init__(
        self,
        lists: Mapping[str, Words],
        plurals: Plurals,
        decimal: str = ".",
        numerals: Numerals | None = None,
    ) -> None:
        """`decimal` is the decimal mark of the language."""
        self._lists = lists
        self._plurals = plurals
        self._decimal = decimal
        self._numerals = numerals

    def pattern(self, name: str) -> str:
        """Return a pattern of any word of a list; raises `KeyError` for an unknown one."""
        words = sorted(self._lists[name], key=len, reverse=True)
        return f"(?:{'|'.join(map(re.escape, words))})"

    def known(self, name: str) -> bool:
        """Return whether there is such a list."""
        return name in self._lists

    def plain(self, number: str) -> str:
        """Return a number with a decimal point and no other separators."""
        whole, mark, fraction = number.partition(self._decimal)
        if self._decimal == "." and not mark and re.fullmatch(r"\d+,\d{1,2}", whole):
            return whole.replace(",", ".")
        whole = re.sub(r"[^\d−-]", "", whole).replace("−", "-")
        return f"{whole}.{fraction}" if fraction.isdigit() else whole

    def plural(self, forms: Mapping[str, str], number: str) -> str:
        """Return the form for a number as it is written."""
        if "fraction" in forms and self._decimal in number:
            return forms["fraction"]
        return self._plurals.choose(forms, abs(float(self.plain(number) or "0")))

    def say(self, text: str, name: str) -> str:
        """Return the words for what a group found. Raises `NoEntryError`."""
        match name:
            case "int":
                return text.lstrip("0") or "0"
            case "digits":
                figures = re.sub(r"\D", "", text)
                return self._numerals.figures(figures) if self._numerals else " ".join(figures)
            case "number" if self._numerals:
                return self._numerals.cardinal(self.plain(text))
            case "roman":
                return str(_roman(text))
            case "phone":
                return "".join(self._say_figure(digit) for digit in text if digit.isdigit())
        return self._entry(self._lists[name], text)

    def _entry(self, words: Words, text: str) -> str:
        if isinstance(words, tuple):
            number = int(text) if text.isdecimal() else _roman(text)
            if 1 <= number <= len(words):
                return words[number - 1]
            raise NoEntryError
        if OTHER in words and set(words) <= {*CATEGORIES, "fraction"}:
            return self.plural(words, text)
        for key in (text, text.lower(), text.lstrip("0") or "0"):
            if key in words:
                return words[key]
        raise NoEntryError

    def _say_figure(self, digit: str) -> str:
        """Return a figure of a telephone number."""
        words = self._lists["figure"]
        return words[digit] if isinstance(words, dict) else words[int(digit)]


def _roman(text: str) -> int:
    return value(text) if _ROMAN.fullmatch(text) else 0


class Rewriting:
    """Applies rules in their order."""

    def __init__(self, rules: Iterable[tuple[str, str]], vocabulary: Vocabulary) -> None:
        """Raises `re.error` and `KeyError` for an invalid rule."""
        self._rules = [self._compiled(pattern, words, vocabulary) for pattern, words in rules]

    def apply(self, text: str) -> str:
        """Return a text with all rules applied."""
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text

    @staticmethod
    def _compiled(
        pattern: str, words: str, vocabulary: Vocabulary
    ) -> tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]:
        pattern = _NAME.sub(
            lambda found: vocabulary.pattern(found[1]) if vocabulary.known(found[1]) else found[0],
            pattern,
        )
        if not any(part[2] for part in _PART.finditer(words)):
            return re.compile(pattern), words
        return re.compile(pattern), _replacement(words, vocabulary)


def _replacement(words: str, vocabulary: Vocabulary) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        def say(part: re.Match[str]) -> str:
            group = match[int(part[1] or part[2])] or ""
            return vocabulary.say(group, part[3]) if group and part[3] else group

        try:
            return _PART.sub(say, words)
        except NoEntryError:
            return match[0]

    return replace
