"""Text normalization for speech synthesis."""

from __future__ import annotations

import functools
import re

from servers.tts.normalization.amounts import Amounts
from servers.tts.normalization.dates import Dates
from servers.tts.normalization.language_table import Table, any_of, apply, rules, table

_MAX_PASSES = 4
"""Most passes over a text whose normalized form itself needs normalization; two suffice for any
reasonable text."""


class _Normalizer:
    def __init__(self, table: Table, region: str) -> None:
        self._first, self._last = rules(table.first), rules(table.last)
        self._dates, self._amounts = Dates(table, region), Amounts(table)
        self._full = table.abbreviations
        self._short = re.compile(rf"(?<![\w.])(?:{any_of(table.abbreviations)})(?!\w)")

    def once(self, text: str) -> str:
        text = apply(self._first, self._dates.normalize(text))
        text = self._amounts.normalize(text)
        if self._full:
            text = self._short.sub(lambda match: self._full[match[0]], text)
        return apply(self._last, text)


def normalize(text: str, language: str) -> str:
    """Return sentences of a language (`en-US`) in words that a voice pronounces correctly.

    Plain numbers are left to the voice. A text in a language without a table stays unchanged.
    """
    base, _, region = language.replace("_", "-").partition("-")
    if (normalizer := _normalizer(base.lower(), region.lower())) is None:
        return text
    for _ in range(_MAX_PASSES):
        before, text = text, normalizer.once(text)
        if text == before:
            break
    return text


@functools.lru_cache(16)  # languages with their regions, of which a server speaks a few
def _normalizer(language: str, region: str) -> _Normalizer | None:
    found = table(language)
    return None if found is None else _Normalizer(found, region)
