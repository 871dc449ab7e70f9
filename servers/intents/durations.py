"""Durations: read from the slots of a sentence, and put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from servers.intents.phrases import Words

_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


def seconds_of(slots: Mapping[str, Any]) -> float:
    """Return the sum of the slots `hours`, `minutes` and `seconds`; 0.0 without them."""
    return float(sum(float(slots.get(unit, 0)) * length for unit, length in _UNITS))


def has_duration(slots: Mapping[str, Any]) -> bool:
    """Return whether the slots hold a duration."""
    return any(unit in slots for unit, _length in _UNITS)


def in_words(seconds: float, words: Words, *, before_noun: bool = False) -> str:
    """Return a duration in words: "1 hour 2 minutes", or, before a noun, "10 minute".

    Fractions of a second are rounded up, so that a running timer never has 0 seconds left.
    """
    left = max(0, math.ceil(seconds))
    parts: list[str] = []
    for (_slot, length), (singular, plural, noun) in zip(_UNITS, words.units, strict=True):
        count, left = divmod(left, length)
        if count:
            unit = singular if count == 1 else plural
            parts.append(f"{count} {noun if before_noun else unit}")
    if not parts:
        parts.append(f"0 {words.units[-1][2 if before_noun else 1]}")
    return " ".join(parts)
