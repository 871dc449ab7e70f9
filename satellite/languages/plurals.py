"""Plural categories of numbers, by the rules of the Unicode CLDR.

A language's rules are written as CLDR writes them (https://unicode.org/reports/tr35/, "Language
Plural Rules"), without samples: `{one: "i = 1 and v = 0", few: "n % 10 = 2..4"}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from satellite.errors import PluginBroken
from satellite.languages.pack import Pack

OTHER = "other"
"""The category of a number to which no rule applies; every language has it."""

CATEGORIES = ("zero", "one", "two", "few", "many", OTHER)
"""In CLDR's order, which is that of rules."""

EXACT = "="
"""First character of a key for one number alone, as in ICU's messages: `=2`."""

_RELATION = re.compile(r"([nivwftce])(?:\s*%\s*(\d+))?\s*(!?=)\s*([\d.,\s]+)")
_RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")

_Test = Callable[[Mapping[str, Decimal]], bool]


class Plurals:
    """The plural rules of a language."""

    def __init__(self, rules: Mapping[str, str] | None = None) -> None:
        """Read rules by category. Raises `ValueError`, which names an invalid one."""
        rules = rules or {}
        if unknown := rules.keys() - set(CATEGORIES[:-1]):
            raise ValueError(f"unknown plural categories: {', '.join(sorted(unknown))}")
        self._tests = {name: _rule(rules[name]) for name in CATEGORIES if name in rules}

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the language distinguishes."""
        return (*self._tests, OTHER)

    def category(self, number: float) -> str:
        """Return the category of a number, as it is said without zeros at its end."""
        operands = _operands(number)
        return next((name for name, test in self._tests.items() if test(operands)), OTHER)

    def choose(self, forms: Mapping[str, str], number: float) -> str:
        """Return the form for a number, or the one for `other`. Raises `KeyError` without it.

        A form for the number alone, such as `=2`, has precedence over that of its category.
        """
        found = forms.get(exact_key(number), forms.get(self.category(number)))
        return forms[OTHER] if found is None else found


def exact_key(number: float) -> str:
    """Return the key of a form for a number alone: `=2`."""
    return f"{EXACT}{number:g}"


def is_category(key: str) -> bool:
    """Return whether a key of forms is a plural category or that of a number alone."""
    return key in CATEGORIES or (key.startswith(EXACT) and key[1:].isdecimal())


def check_forms(forms: object) -> None:
    """Raise `ValueError` for texts by plural category that lack the one for `other`."""
    if isinstance(forms, Mapping) and OTHER not in forms:
        raise ValueError(f"plural forms without `{OTHER}`: {', '.join(forms) or 'none'}")


def plurals_of(pack: Pack) -> Plurals:
    """Return the rules in the part `language` of a pack. Raises `PluginBroken`."""
    try:
        return Plurals(pack.about.plurals)
    except ValueError as error:
        raise PluginBroken(f"language pack {pack.code}: plurals: {error}") from error


def _operands(number: float) -> dict[str, Decimal]:
    """Return CLDR's operands: n is the number, i its whole part, f its fraction's digits."""
    value = abs(Decimal(str(number)))
    digits = format(value.normalize(), "f").partition(".")[2]
    fraction = Decimal(digits or 0)
    length = Decimal(len(digits))
    whole = Decimal(int(value))
    # c and e are the exponent of a number such as "1.2 million", which none here has
    zero = Decimal(0)
    return {"n": value, "i": whole, "v": length, "w": length, "f": fraction, "t": fraction} | {
        "c": zero,
        "e": zero,
    }


def _rule(text: str) -> _Test:
    either = [[_relation(part) for part in both.split(" and ")] for both in text.split(" or ")]
    return lambda operands: any(all(test(operands) for test in every) for every in either)


def _relation(text: str) -> _Test:
    if (found := _RELATION.fullmatch(text.strip())) is None:
        raise ValueError(f'"{text.strip()}" is no relation such as "n % 10 = 2..4, 9"')
    operand, modulus, sign, values = found.groups()
    if modulus and not int(modulus):
        raise ValueError(f'"{text.strip()}" divides by zero')
    ranges = []
    for part in values.split(","):
        if (bounds := _RANGE.fullmatch(part.strip())) is None:
            raise ValueError(f'"{part.strip()}" is neither a number nor a range such as "2..4"')
        ranges.append((Decimal(bounds[1]), Decimal(bounds[2] or bounds[1])))

    def holds(operands: Mapping[str, Decimal]) -> bool:
        value = operands[operand] % int(modulus) if modulus else operands[operand]
        within = any(low <= value <= high and value == int(value) for low, high in ranges)
        return within == (sign == "=")

    return holds
