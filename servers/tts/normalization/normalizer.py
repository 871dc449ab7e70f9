"""Text normalization for speech synthesis."""

from __future__ import annotations

import functools
import logging
import re

from satellite.languages.plurals import Plurals
from satellite.text.reason_of import reason_of
from servers.tts.normalization.amounts import Amounts
from servers.tts.normalization.dates import Dates
from servers.tts.normalization.digits import Digits
from servers.tts.normalization.fractions import Fractions
from servers.tts.normalization.language_table import Table, any_of, table
from servers.tts.normalization.library import Library, library
from servers.tts.normalization.measures import Measures
from servers.tts.normalization.ranges import Ranges
from servers.tts.normalization.rewriting import Rewriting, Vocabulary
from servers.tts.normalization.romans import Romans
from servers.tts.normalization.scripts import strip_unreadable

_LOGGER = logging.getLogger(__name__)

_MAX_PASSES = 4
"""Most passes over a text whose normalized form itself needs normalization; two suffice for any
reasonable text."""
_PHONEMES = re.compile(r"\[\[|\]\]")
"""The brackets that order phonemes, `[[h@l'oU]]`: elsewhere they are links and lists."""
_LAST = re.compile(r"[\s\"'”’)]*$")


class _Normalizer:
    def __init__(self, table: Table, plurals: Plurals, language: str, region: str) -> None:
        vocabulary = Vocabulary(table.lists, plurals, table.decimal, table.numerals)
        self._rules = Rewriting(table.rules, vocabulary)
        self._first = Rewriting(table.first, vocabulary)
        self._last = Rewriting(table.last, vocabulary)
        self._dates = Dates(table, region)
        self._amounts = Amounts(table) if table.currencies else Measures(table, vocabulary)
        self._before_library = Rewriting(table.before_wetext, vocabulary)
        self._library: Library | None = library(table.wetext)
        self._ranges, self._fractions = Ranges(table, self._dates), Fractions(table)
        self._digits, self._romans = Digits(table), Romans(table, self._dates)
        self._full = {**table.titles, **table.abbreviations}
        titles, short = any_of(table.titles), any_of(table.abbreviations)
        self._title = re.compile(rf"(?<![\w.])(?:{titles})(?=\s+[^\W\d_])") if titles else None
        self._short = re.compile(rf"(?<![\w.])(?:{short})(?!\w)")
        self._symbols = table.symbols
        self.unreadable = table.unreadable
        self._symbol = re.compile(f"(?:{any_of(table.symbols)})") if table.symbols else None
        self._language, self._broken = language, False

    def apply(self, text: str) -> str:
        """Return a text after one pass; unchanged where the table's patterns cannot be applied."""
        if self._broken:
            return text
        try:
            return self._once(text)
        except Exception as error:  # people write tables: any word in one may be missing or wrong
            self._broken = True
            _log_broken(self._language, error)
            return text

    def _once(self, text: str) -> str:
        text = self._digits.normalize(self._rules.apply(text))
        text = self._first.apply(self._dates.normalize(text))
        text = self._fractions.normalize(self._ranges.normalize(text))
        text = self._amounts.normalize(text)
        if self._title is not None:
            text = self._title.sub(self._before_a_name, text)
        if self._full:
            text = self._short.sub(self._in_full, text)
        text = self._before_library.apply(self._romans.normalize(text))
        text = self._last.apply(text if self._library is None else self._library.normalize(text))
        return text if self._symbol is None else self._symbol.sub(self._named, text)

    def _before_a_name(self, match: re.Match[str]) -> str:
        name = match.string[match.end() :].lstrip()
        return self._full[match[0]] if name[:1].isupper() else match[0]

    def _in_full(self, match: re.Match[str]) -> str:
        """Return an abbreviation in full. At the end of a text its full stop ends the sentence."""
        ends = match[0].endswith(".") and _LAST.match(match.string, match.end())
        return self._full[match[0]] + ("." if ends else "")

    def _named(self, match: re.Match[str]) -> str:
        text, name = match.string, self._symbols[match[0]]
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if match[0].isalpha() and (_foreign(before) or _foreign(after)):
            return match[0]  # a letter of a word
        name = f" {name}" if before and not (before.isspace() or before in "([\"'“‘") else name
        return f"{name} " if after and not (after.isspace() or after in ".,;:!?)]-\"'”’") else name


def _foreign(character: str) -> bool:
    """Return whether a character is a letter of another script than the Latin one."""
    return character.isalpha() and character > "\u024f"


def normalize(text: str, language: str) -> str:
    """Return sentences of a language (`en-US`) in words that a voice pronounces correctly.

    Plain numbers are left to the voice. What no voice of the language can read is removed; if
    nothing else is left, the language's words for it are returned. Otherwise a text in a language
    without a table stays unchanged, as with a table that cannot be used: that is logged once.
    """
    base, _, region = language.replace("_", "-").partition("-")
    base = base.lower()
    text = _PHONEMES.sub(" ", text)
    had_words = any(map(str.isalnum, text))
    normalizer = _normalizer(base, region.lower())
    for _ in range(_MAX_PASSES):
        before = text
        if normalizer is not None:
            text = normalizer.apply(text)
        text = strip_unreadable(text, base)
        if text == before:
            break
    if had_words and normalizer is not None and not any(map(str.isalnum, text)):
        return normalizer.unreadable
    return text


@functools.lru_cache(16)  # languages with their regions, of which a server speaks a few
def _normalizer(language: str, region: str) -> _Normalizer | None:
    code = f"{language}-{region}" if region else language
    try:
        found = table(code)
        return None if found is None else _Normalizer(*found, code, region)
    except Exception as error:  # `PluginBroken`, and what its patterns raise when they are compiled
        _log_broken(code, error)
        return None


def _log_broken(language: str, error: Exception) -> None:
    _LOGGER.warning(
        "numbers and abbreviations in %s are said as they are written: spoken.yaml cannot be used "
        "(%s); see satellite languages check",
        language,
        reason_of(error),
    )
