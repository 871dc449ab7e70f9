"""Durations: read from the slots of a sentence, and put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from satellite.languages.plurals import exact_key
from satellite.text.fill import fill
from servers.intents.phrases import Phrases, Text

_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))

_NOUN = "noun"
"""The form of a unit before a noun."""


def seconds_of(slots: Mapping[str, Any]) -> float:
    """Return the sum of the slots `hours`, `minutes` and `seconds`; 0.0 without them."""
    return float(sum(float(slots.get(unit, 0)) * length for unit, length in _UNITS))


def has_duration(slots: Mapping[str, Any]) -> bool:
    """Return whether the slots hold a duration."""
    return any(unit in slots for unit, _length in _UNITS)


def in_words(seconds: float, phrases: Phrases, *, before_noun: bool = False) -> str:
    """Return a duration in words: "1 hour 2 minutes", or, before a noun, "10 minute".

    Fractions of a second are rounded up, so that a running timer never has 0 seconds left.
    """
    left = max(0, math.ceil(seconds))
    units, form = phrases.words.units, phrases.words.duration
    parts: list[str] = []
    for (_slot, length), unit in zip(_UNITS, (units.hour, units.minute, units.second), strict=True):
        count, left = divmod(left, length)
        if count or (length == 1 and not parts):
            forms = _forms(unit, before_noun)
            whole = forms.get(exact_key(count)) if isinstance(forms, dict) else None
            amount = fill(form.amount, count=count, unit=phrases.form(forms, count))
            parts.append(amount if whole is None else whole)
    return form.join(parts)


def first_count(seconds: float) -> int:
    """Return the number in front of a duration in words, by which a verb may have to go."""
    whole = max(0, math.ceil(seconds))
    return next((whole // length for _slot, length in _UNITS if whole >= length), 0)


def _forms(unit: Mapping[str, Text], before_noun: bool) -> Text:
    if before_noun and _NOUN in unit:
        return unit[_NOUN]
    return {category: form for category, form in unit.items() if isinstance(form, str)}
