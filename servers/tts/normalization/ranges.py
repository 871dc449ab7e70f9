"""Ranges of numbers and years, and differences, which are written with the same marks."""

from __future__ import annotations

import re

from servers.tts.normalization.dates import Dates
from servers.tts.normalization.language_table import Table, any_of

_NUMBER = r"\d+(?:[.,]\d+)*"
_YEAR = r"(?:1\d{3}|20\d\d)"
_YEARS = re.compile(rf"(?<![\w.,/:-])({_YEAR}) ?[-–—] ?({_YEAR})(?![\w/-]|[.,:]\d)")
_SEASON = re.compile(rf"(?<![\w.,/:-])({_YEAR})[-–](1[3-9]|[2-9]\d)(?![\w/-]|[.,:]\d)")
"""Two years, the second short: 1998-99. Up to 12 it may be a month."""
_CALCULATED = re.compile(rf"\s*{_NUMBER}(?:\s*[-−–+×÷*/·]\s*{_NUMBER})*\s*=")
"""What follows the sign of a difference: the rest of it, and its result."""
_CALCULATING = re.compile(r"[=+×÷*]\s*$")


class Ranges:
    """Writes ranges in the words of one language."""

    def __init__(self, table: Table, dates: Dates) -> None:
        self._table = table
        self._dates = dates
        unit = f"|(?:{any_of(table.units)})(?![\\w/-])" if table.units else ""
        self._two = re.compile(
            rf"(?<![\w.,/:-])(?P<first>{_NUMBER})(?P<sign> ?[-–—−] ?)"
            rf"(?=(?P<second>{_NUMBER})(?:(?![\w/-]|[.,:]\d){unit}))"
        )

    def normalize(self, text: str) -> str:
        """Return a text with its ranges in words; telephone numbers stay unchanged."""
        if not self._table.range:
            return text
        text = _SEASON.sub(self._season, _YEARS.sub(self._years, text))
        return self._two.sub(self._say, text)

    def _years(self, match: re.Match[str]) -> str:
        if int(match[1]) >= int(match[2]) or _calculated(match, match.start(2)):
            return match[0]
        year = self._dates.year
        return f"{year(match[1])} {self._table.range} {year(match[2])}"

    def _season(self, match: re.Match[str]) -> str:
        if int(match[1]) % 100 >= int(match[2]):
            return match[0]
        return f"{self._dates.year(match[1])} {self._table.range} {match[2]}"

    def _say(self, match: re.Match[str]) -> str:
        first, second, sign = match["first"], match["second"], match["sign"]
        if "−" in sign or _calculated(match, match.end()):
            return f"{first} {self._table.minus} "
        if any(_figures(number) > 3 or re.match(r"0\d", number) for number in (first, second)):
            return match[0]
        if sign == " - " and _value(first) > _value(second):
            return f"{first} {self._table.minus} "
        return f"{first} {self._table.range} "


def _calculated(match: re.Match[str], after: int) -> bool:
    """Return whether the numbers are part of a calculation."""
    text = match.string
    before = text[max(0, match.start() - 8) : match.start()]
    return bool(_CALCULATED.match(text, after) or _CALCULATING.search(before))


def _figures(number: str) -> int:
    """Return the length of a number's longest group of digits."""
    return max(map(len, re.split("[.,]", number)))


def _value(number: str) -> float:
    digits = re.sub(r",(?=\d{3}(?!\d))", "", number).replace(",", ".")
    whole, _, rest = digits.partition(".")
    return float(f"{whole}.{rest.replace('.', '')}")
