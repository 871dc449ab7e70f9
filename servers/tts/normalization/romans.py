"""Roman numerals: of wars, chapters and centuries, and of monarchs."""

from __future__ import annotations

import re

from satellite.text.fill import fill
from servers.tts.normalization.dates import Dates
from servers.tts.normalization.language_table import Table, any_of
from servers.tts.normalization.roman_value import value

_NUMERAL = r"(?=[XLVI])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
"""1 to 99; with C, D and M it would be letters more often than a number."""
_CERTAIN = r"(?:III?|IV|VI{1,3}|IX|XI{1,3}|XIV|XVI{0,3}|XIX)"
"""Numerals that are no words, initials or sizes."""


class Romans:
    """Writes Roman numerals in figures where they are numbers in one language."""

    def __init__(self, table: Table, dates: Dates) -> None:
        romans = table.romans
        self._dates = dates
        self._ordinal_name = romans.ordinal
        self._not_after = frozenset(romans.not_after)
        end = r"(?![\w-])"
        numbered, rulers = any_of(romans.numbered), any_of(romans.rulers)
        numeral = rf"(?i:(?=[XLVI]{{2}}){_NUMERAL})|[IVX]"
        self._numbered = re.compile(rf"\b(?P<before>(?i:{numbered})\s+)(?P<roman>{numeral}){end}")
        self._further = re.compile(
            rf"\b(?P<before>(?i:{numbered})\s+\d+,? [a-z]+ )(?P<roman>{_CERTAIN}){end}"
        )
        self._ruler = re.compile(
            rf"\b(?P<title>(?:{any_of(romans.titles)})\s+)?(?P<before>(?:{rulers})\s+)"
            rf"(?P<roman>{_NUMERAL}){end}(?P<after>\s+(?:{any_of(romans.of)})\b|(?=[.,;:!?)'’])|$)?"
        )
        self._century = re.compile(
            rf"\b(?P<roman>{_NUMERAL})(?=(?:\s+|-)(?:{any_of(romans.centuries)})\b)"
        )
        self._other = re.compile(
            rf"\b(?P<before>[A-Z][\w'’]*)\s+(?P<roman>{_CERTAIN}){end}"
            rf"(?!\s+(?:{any_of(romans.not_before)})\b)"
        )
        self._usable = bool(romans.numbered)

    def normalize(self, text: str) -> str:
        """Return a text with its Roman numerals in figures."""
        if not self._usable:
            return text
        text = self._ruler.sub(self._monarch, text)
        text = self._numbered.sub(self._number, text)
        text = self._further.sub(self._number, text)
        text = self._century.sub(lambda match: self._ordinal(match["roman"]), text)
        return self._other.sub(self._after_a_name, text)

    def _monarch(self, match: re.Match[str]) -> str:
        if match["roman"] == "I" and match["title"] is None and match["after"] is None:
            return match[0]  # the pronoun
        number = fill(self._ordinal_name, number=self._ordinal(match["roman"]))
        return f"{match['title'] or ''}{match['before']}{number}{match['after'] or ''}"

    def _number(self, match: re.Match[str]) -> str:
        if match["roman"] == "I" and match["before"][0].islower():
            return match[0]  # "the part I like"
        return f"{match['before']}{value(match['roman'])}"

    def _after_a_name(self, match: re.Match[str]) -> str:
        if match["before"] in self._not_after:
            return match[0]
        return f"{match['before']} {value(match['roman'])}"

    def _ordinal(self, numeral: str) -> str:
        return self._dates.ordinal(value(numeral))
