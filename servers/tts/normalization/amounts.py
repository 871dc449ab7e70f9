"""Numbers with a unit or a currency."""

from __future__ import annotations

import re

from servers.tts.normalization.language_table import Table, any_of, pair

_NUMBER = r"\d+(?:[.,]\d+)*"
_SINGLE = frozenset({"1"})
_COMMA = re.compile(r"([-−]?\d+(?:\.\d{3})*),(\d{1,2})")
"""A decimal comma: 1.299,00 or 21,5."""


class Amounts:
    """Writes amounts in the words of one language."""

    def __init__(self, table: Table) -> None:
        self._table = table
        signs, scales = any_of(table.currencies), any_of(table.scales)
        scale = rf"(?:\s?(?P<scale>{scales})(?!\w))?"
        self._before = re.compile(
            rf"(?<![^\W\d_])(?P<sign>{signs})\s?(?P<number>[-−]?{_NUMBER}){scale}(?![\d])"
        )
        self._after = re.compile(
            rf"(?<![\w.,])(?P<number>{_NUMBER}){scale}\s?(?P<sign>{signs})(?![\w])"
        )
        self._unit = re.compile(
            rf"(?<![A-Za-z_.,\d])(?P<number>{_NUMBER})\s?(?P<unit>{any_of(table.units)})"
            r"(?![\w'’/²³°%])"
        )
        words = [unit for unit in table.units if unit.isalpha() and len(unit) > 1]
        self._compound = re.compile(
            rf"(?<![\w.,/–-])(?P<number>{_NUMBER})-(?P<unit>{any_of(words)})(?![\w'’/²³°%-])"
        )
        self._per = re.compile(
            rf"(?<![\d.,])(?P<amount>{_NUMBER}(?: [A-Za-z]+){{1,6}}) ?/ ?"
            rf"(?P<unit>{any_of(table.units)})(?![\w/])"
        )

    def normalize(self, text: str) -> str:
        """Return a text with every amount in words."""
        if self._table.currencies:
            text = self._before.sub(self._money, text)
            text = self._after.sub(self._money, text)
        if self._table.units:
            text = self._compound.sub(self._adjective, text)
            text = self._unit.sub(self._measure, text)
        if self._table.per and self._table.units:
            text = self._per.sub(self._rate, text)
        return text

    def _money(self, match: re.Match[str]) -> str:
        singular, plural, part, parts = self._table.currencies[match["sign"]]
        number = _decimal_point(match["number"])
        if scale := match["scale"]:
            return f"{number} {self._table.scale_words.get(scale, scale)} {plural}"
        cents = re.fullmatch(r"([-−]?\d+(?:,\d{3})*)[.](\d\d)", number)
        if cents is None:
            return f"{number} {singular if number in _SINGLE else plural}"
        whole, rest = cents[1], int(cents[2])
        words = f"{whole} {singular if whole in _SINGLE else plural}"
        if not rest:
            return words
        rest_words = f"{rest} {part if rest == 1 else parts}"
        return rest_words if whole == "0" else f"{words} {self._table.conjunction} {rest_words}"

    def _measure(self, match: re.Match[str]) -> str:
        if match["unit"] in self._table.spaced and match.end("number") == match.start("unit"):
            return match[0]
        singular, plural = pair(self._table.units[match["unit"]])
        number = _decimal_point(match["number"])
        return f"{number} {singular if number in _SINGLE else plural}"

    def _adjective(self, match: re.Match[str]) -> str:
        return f"{match['number']}-{pair(self._table.units[match['unit']])[0]}"

    def _rate(self, match: re.Match[str]) -> str:
        return f"{match['amount']} {self._table.per} {pair(self._table.units[match['unit']])[0]}"


def _decimal_point(number: str) -> str:
    """Return a number with a decimal point; two figures behind a comma are no thousands."""
    comma = _COMMA.fullmatch(number)
    return f"{comma[1].replace('.', '')}.{comma[2]}" if comma else number
