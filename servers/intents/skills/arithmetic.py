"""Arithmetic with two numbers."""

from __future__ import annotations

from fractions import Fraction

from satellite.text.fill import fill
from satellite.text.quoted import quoted
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.skills.skill import Parts, Skill

_PLACES = 3
"""Decimal places of a spoken result."""


def calculate(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Answer the result of the slots `first`, `operation` and `second`, exact or rounded."""
    first, second = (_number(match.slots, slot) for slot in ("first", "second"))
    match match.slots["operation"]:
        case "plus":
            result = first + second
        case "minus":
            result = first - second
        case "times":
            result = first * second
        case "percent":
            result = first * second / 100
        case "divided":
            if not second:
                return (phrases.say(match.intent, "by_zero"),)
            result = first / second
        case operation:
            raise ValueError(f"unknown operation {quoted(operation)}")
    rounded = round(result, _PLACES)
    key = match.response if rounded == result else "about"
    return (phrases.say(match.intent, key, result=_in_words(rounded, phrases)),)


def _number(slots: dict[str, object], slot: str) -> Fraction:
    whole = Fraction(str(slots[slot]))
    return whole * -1 if f"{slot}_sign" in slots else whole


def _in_words(number: Fraction, phrases: Phrases) -> str:
    if number.denominator == 1:
        figures = str(abs(number.numerator))
    else:
        figures = f"{float(abs(number)):.{_PLACES}f}".rstrip("0").replace(".", phrases.decimal)
    if number >= 0:
        return figures
    minus = phrases.words.minus
    return fill(minus, number=figures) if "{number}" in minus else f"{minus} {figures}"


SKILLS: dict[str, Skill] = {"Calculate": calculate}
