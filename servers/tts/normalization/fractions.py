"""Fractions and mixed numbers."""

from __future__ import annotations

import re
import unicodedata

from servers.tts.normalization.language_table import Table, any_of, pair

_VULGAR = re.compile("[¼-¾⅐-⅞↉]")


class Fractions:
    """Writes fractions in the words of one language."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._words = table.fractions
        unit = rf"(?:[ -]?(?P<unit>{any_of(table.units)})(?![\w'’/²³°%]))?" if table.units else ""
        self._fraction = re.compile(
            r"(?<![\w.,/⁄:-])(?:(?P<whole>\d+)(?:[  ]|-| ?(?=\d+⁄)))?"
            rf"(?P<top>\d{{1,3}})[/⁄](?P<bottom>\d{{1,4}})(?![\w/⁄]|[.,:]\d){unit}"
        )
        self._dated = re.compile(rf"\b(?:{any_of(table.fractions_not_after)})\s*$", re.IGNORECASE)

    def normalize(self, text: str) -> str:
        """Return a text with its fractions in words; dates and scores stay unchanged."""
        if not self._words:
            return text
        text = _VULGAR.sub(_spelled, text)
        return self._fraction.sub(self._say, text)

    def _say(self, match: re.Match[str]) -> str:
        top, bottom = int(match["top"]), match["bottom"]
        certain = "⁄" in match[0] or match["whole"] is not None
        if bottom not in self._words or not self._plausible(match, top, int(bottom), certain):
            return match[0]
        single, plural, after_a_number = self._words[bottom]
        numerators = self._table.numerators
        number = numerators[top - 1] if top <= len(numerators) else str(top)
        words = f"{number} {single if top == 1 else plural}"
        if match["whole"] is not None:
            part = after_a_number if top == 1 else words
            words = f"{match['whole']} {self._table.conjunction} {part}"
        if unit := match.groupdict().get("unit"):
            words += f" {pair(self._table.units[unit])[match['whole'] is not None]}"
        return words

    def _plausible(self, match: re.Match[str], top: int, bottom: int, certain: bool) -> bool:
        if top == 0 or match["top"].startswith("0") or (top >= bottom and match["whole"]):
            return False
        if certain:
            return True
        before = match.string[max(0, match.start() - 20) : match.start()]
        return (top < bottom or bottom == 2) and not self._dated.search(before)


def _spelled(match: re.Match[str]) -> str:
    """Write ¾ with figures and a fraction slash, apart from a whole number before it."""
    before = match.string[match.start() - 1 : match.start()]
    return (" " if before.isalnum() else "") + unicodedata.normalize("NFKD", match[0])
