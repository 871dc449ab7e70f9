"""Numbers with a unit or a currency, in languages whose words go by plural category."""

from __future__ import annotations

import re

from satellite.text.fill import fill
from servers.tts.normalization.language_table import Forms, Money, Table, any_of
from servers.tts.normalization.rewriting import Vocabulary

_COMMA_NUMBER = r"\d{1,3}(?:[.\u00a0\u202f ’']\d{3})+(?!\d)(?:,\d+|\.\d\d?(?!\d))?|\d+(?:[.,]\d+)*"
_POINT_NUMBER = r"\d+(?:[.,]\d+)*"
_DECIMAL_POINT = re.compile(r"([-−]?\d+)\.(\d{1,2}|\d{4,})")
"""A number of a program, in a language with a decimal comma."""
_OTHER_MARKS = re.compile(r"[-−]?\d{1,3}(?:[,'’]\d{3})+\.\d+")
"""A number as in Mexico (1,234.50) or Switzerland (1’234.50)."""
_SEPARATORS = re.compile("[,'’]")
_PARTS = re.compile(r"([-−]?\d[\d\u00a0\u202f ’']*)\.(\d\d)")
_SENTENCE_END = re.compile(r"[\s\"'”’»)]*$|\s+[\"'“„«(¿¡]*[^\W\d_a-zà-ÿа-яё]")
"""What follows an abbreviation whose full stop ends the sentence, too."""
_RANGE_SIGNS = "-–—~～〜"
_UNIT_END = r"(?![A-Za-z\u00c0-\u024f\u0370-\u04ff\d'’/²³°%])"


class Measures:
    """Writes amounts in the words of one language."""

    def __init__(self, table: Table, vocabulary: Vocabulary) -> None:
        self._table = table
        self._vocabulary = vocabulary
        self._comma = table.decimal == ","
        digits = _COMMA_NUMBER if self._comma else _POINT_NUMBER
        number = rf"(?<![A-Za-z\u00c0-\u024f\u0370-\u04ff_.,\d])(?P<number>[-−]?(?:{digits}))"
        scale = rf"(?:[\s\u00a0]?(?P<scale>{any_of(table.scales)})(?!\w))?" if table.scales else ""
        self._scale = bool(scale)
        genitive = any_of(table.genitive_after)
        self._genitive = re.compile(rf"(?<!\w)(?i:{genitive})\s+(?:{re.escape(table.minus)}\s)?$")
        space = r"[ \u00a0\u202f]?"
        self._unit = re.compile(rf"{number}{space}(?P<unit>{any_of(table.units)}){_UNIT_END}")
        around = [unit for unit, forms in table.units.items() if "{}" in forms]
        between = any_of(filter(None, (table.range, *_RANGE_SIGNS)))
        self._range_around = re.compile(
            rf"{number.replace('number', 'first')}\s?(?:{between})\s?(?P<number>{digits}){space}"
            rf"(?P<unit>{any_of(around) or '(?!)'}){_UNIT_END}"
        )
        """A range whose unit has words before its number."""
        signs = any_of(table.money)
        first = any_of(sign for sign in table.money if not sign.rstrip(".").islower())
        self._before = re.compile(
            rf"(?<![A-Za-z\u00c0-\u024f\u0370-\u04ff])(?P<minus>[-−]?)(?P<sign>{first}){space}"
            rf"(?P<number>[-−]?(?:{digits})){scale}(?!\d)"
        )
        end = r"(?![A-Za-z\u0400-\u04ff])"
        self._after = re.compile(rf"{number}{scale}{space}(?P<sign>{signs}){end}")

    def normalize(self, text: str) -> str:
        """Return a text with every amount in words."""
        if self._table.money:
            text = self._after.sub(self._say_money, self._before.sub(self._say_money, text))
        if not self._table.units:
            return text
        return self._unit.sub(self._measure, self._range_around.sub(self._measure_range, text))

    def _measure_range(self, match: re.Match[str]) -> str:
        """Return a range with the words of its unit around both numbers: 每秒5到7米."""
        first, last = self._written(match["first"]), self._written(match["number"])
        words = self._form(self._table.units[match["unit"]], last)
        return self._joined(f"{first}{self._table.range}{last}", words)

    def _measure(self, match: re.Match[str]) -> str:
        if match["unit"] in self._table.spaced and match.end("number") == match.start("unit"):
            return match[0]
        number = self._written(match["number"])
        words = self._joined(number, self._form(self._forms(match, match["unit"]), number))
        return words + _full_stop(match, match["unit"])

    def _say_money(self, match: re.Match[str]) -> str:
        return self._money(match) + _full_stop(match, match["sign"])

    def _money(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        number = (found.get("minus") or "") + self._written(match["number"])
        money = self._table.money[match["sign"]]
        if self._declined(match):
            money = Money(_genitive(money.unit), _genitive(money.part))
        if self._scale and (scale := match["scale"]):
            words = self._table.scale_words.get(scale, scale)
            return f"{number}{self._table.space}{words}{self._table.space}{_many(money.unit)}"
        plain = self._vocabulary.plain(number)
        parts = _PARTS.fullmatch(plain)
        if parts is None or not money.part:
            return self._joined(number, self._form(money.unit, number))
        whole, cents = number[: -len(parts[2]) - 1], str(int(parts[2]))
        parts_in_words = {
            "number": number,
            "whole": whole,
            "cents": cents,
            "unit": self._form(money.unit, whole),
            "part": self._form(money.part, cents),
        }
        if int(cents) == 0:
            return self._joined(whole, self._form(money.unit, whole))
        if whole.lstrip("-−") == "0":
            return whole[: -len("0")] + fill(self._table.money_cents, **parts_in_words)
        return fill(self._table.money_parts, **parts_in_words)

    def _forms(self, match: re.Match[str], unit: str) -> Forms:
        forms = self._table.units[unit]
        return _genitive(forms) if self._declined(match) else forms

    def _declined(self, match: re.Match[str]) -> bool:
        """Return whether the unit is in the genitive by the word before the number."""
        before = match.string[max(0, match.start() - 20) : match.start()]
        return bool(self._table.genitive_after) and bool(self._genitive.search(before))

    def _written(self, number: str) -> str:
        """Return a number with the decimal mark of the language."""
        if self._comma and (found := _DECIMAL_POINT.fullmatch(number)):
            return f"{found[1]},{found[2]}"
        if self._comma and _OTHER_MARKS.fullmatch(number):
            whole, _, fraction = number.rpartition(".")
            return f"{_SEPARATORS.sub('.', whole)},{fraction}"
        return number

    def _form(self, forms: Forms, number: str) -> str:
        if isinstance(forms, dict):
            return self._vocabulary.plural(forms, number)
        if isinstance(forms, tuple):
            return forms[self._vocabulary.plain(number).lstrip("-") != "1"]
        return forms

    def _joined(self, number: str, words: str) -> str:
        if "{}" in words:
            return words.replace("{}", number)
        return f"{number}{self._table.space}{words}"


def _genitive(forms: Forms) -> Forms:
    """Return the forms behind a word that asks for the genitive."""
    if not isinstance(forms, dict):
        return forms
    return {**forms, "one": forms["other"], "few": forms.get("many", forms["other"])}


def _full_stop(match: re.Match[str], abbreviation: str) -> str:
    """Return the full stop of an abbreviation that ends the sentence."""
    ends = abbreviation.endswith(".") and match.string.startswith(".", match.end() - 1)
    return "." if ends and _SENTENCE_END.match(match.string, match.end()) else ""


def _many(forms: Forms) -> str:
    """Return the form for millions."""
    if isinstance(forms, dict):
        return forms.get("many", forms["other"])
    return forms if isinstance(forms, str) else forms[1]
