"""Durations: out of the slots of a sentence, and into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from servers.intents.phrases import Words

_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


def seconds_of(slots: Mapping[str, Any]) -> float:
    """Add up the slots `hours`, `minutes` and `seconds`; 0.0 where there are none."""
    return float(sum(float(slots.get(unit, 0)) * length for unit, length in _UNITS))


def has_duration(slots: Mapping[str, Any]) -> bool:
    """Whether the slots hold a duration."""
    return any(unit in slots for unit, _length in _UNITS)


def in_words(seconds: float, words: Words, *, before_noun: bool = False) -> str:
    """Say a duration: "1 hour 2 minutes", or, before a noun, "10 minute".

    A part of a second counts as a whole one, so that a running timer never has 0 seconds left.
    """
    left = max(0, math.ceil(seconds))
    parts: list[str] = []
    for (_slot, length), (one, several, noun) in zip(_UNITS, words.units, strict=True):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {noun if before_noun else one if count == 1 else several}")
    if not parts:
        parts.append(f"0 {words.units[-1][2 if before_noun else 1]}")
    return " ".join(parts)
