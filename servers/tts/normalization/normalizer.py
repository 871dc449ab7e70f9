"""A text as people say it in a language."""

from __future__ import annotations

import functools
import re

from servers.tts.normalization.amounts import Amounts
from servers.tts.normalization.dates import Dates
from servers.tts.normalization.language_table import Table, apply, rules, table

_MAX_PASSES = 4
"""How often what was said may itself be something to be said, which no sane text needs twice."""


class _Normalizer:
    def __init__(self, table: Table, region: str) -> None:
        self._first, self._last = rules(table.first), rules(table.last)
        self._dates, self._amounts = Dates(table, region), Amounts(table)
        self._full = table.abbreviations
        self._short = re.compile(rf"(?<![\w.])(?:{any_of(table.abbreviations)})(?!\w)")

    def once(self, text: str) -> str:
        text = apply(self._first, self._dates.say(text))
        text = self._amounts.say(text)
        if self._full:
            text = self._short.sub(lambda match: self._full[match[0]], text)
        return apply(self._last, text)


def normalize(text: str, language: str) -> str:
    """Some sentences of a language (`en-US`) in words that a voice says rightly.

    Numbers as such are the voice's own affair. A language without a table is left as it is.
    """
    base, _, region = language.replace("_", "-").partition("-")
    if (speech := _normalizer(base.lower(), region.lower())) is None:
        return text
    for _ in range(_MAX_PASSES):
        before, text = text, speech.once(text)
        if text == before:
            break
    return text


@functools.lru_cache(16)  # languages with their regions, of which a server speaks a few
def _normalizer(language: str, region: str) -> _Normalizer | None:
    found = table(language)
    return None if found is None else _Normalizer(found, region)
