"""Numbers with a unit or a currency."""

from __future__ import annotations

import re

from servers.tts.normalization.language_table import Table, any_of

_NUMBER = r"\d+(?:[.,]\d+)*"
_SINGLE = frozenset({"1"})


class Amounts:
    """Says amounts of one language."""

    def __init__(self, table: Table) -> None:
        self._table = table
        signs, scales = any_of(table.currencies), any_of(table.scales)
        scale = rf"(?:\s?(?P<scale>{scales})(?!\w))?"
        self._before = re.compile(rf"(?P<sign>{signs})\s?(?P<number>{_NUMBER}){scale}(?![\d])")
        self._after = re.compile(
            rf"(?<![\w.,])(?P<number>{_NUMBER}){scale}\s?(?P<sign>{signs})(?![\w])"
        )
        self._unit = re.compile(
            rf"(?<![A-Za-z_.,\d])(?P<number>{_NUMBER})\s?(?P<unit>{any_of(table.units)})"
            r"(?![\w'’/²³°%])"
        )

    def say(self, text: str) -> str:
        """Say every amount in a text."""
        if self._table.currencies:
            text = self._before.sub(self._money, text)
            text = self._after.sub(self._money, text)
        if self._table.units:
            text = self._unit.sub(self._measure, text)
        return text

    def _money(self, match: re.Match[str]) -> str:
        one, several, part, parts = self._table.currencies[match["sign"]]
        number = match["number"]
        if scale := match["scale"]:
            return f"{number} {self._table.scale_words.get(scale, scale)} {several}"
        cents = re.fullmatch(r"(\d+(?:,\d{3})*)[.](\d\d)", number)
        if cents is None:
            return f"{number} {one if number in _SINGLE else several}"
        whole, rest = cents[1], int(cents[2])
        said = f"{whole} {one if whole in _SINGLE else several}"
        if not rest:
            return said
        rest_said = f"{rest} {part if rest == 1 else parts}"
        return rest_said if whole == "0" else f"{said} {self._table.conjunction} {rest_said}"

    def _measure(self, match: re.Match[str]) -> str:
        if match["unit"] in self._table.spaced and match.end("number") == match.start("unit"):
            return match[0]
        one, several = self._table.units[match["unit"]]
        return f"{match['number']} {one if match['number'] in _SINGLE else several}"
