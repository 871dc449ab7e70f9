"""Pieces of a grammar in JSGF: alternatives, sequences that share words, and numbers in words."""

from __future__ import annotations

from collections.abc import Iterable

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_words(number: int) -> str:
    """How a number from 0 to 100 is said; empty for any other."""
    if 0 <= number < len(_ONES):
        return _ONES[number]
    if number < 0 or number > 100:
        return ""
    if number == 100:
        return "one hundred"
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")


def alternatives(bodies: Iterable[str]) -> str:
    """JSGF for one of the bodies; an empty one makes the others optional."""
    unique = list(dict.fromkeys(bodies))
    said = [body for body in unique if body]
    if not said:
        return ""
    one = said[0] if len(said) == 1 else f"({' | '.join(said)})"
    if len(said) == len(unique):
        return one
    return f"[{one}]" if len(said) == 1 else f"[{one[1:-1]}]"


def share_prefixes(said: list[list[str]]) -> str:
    """JSGF for one of several sequences of words, sharing their first words."""
    rests: dict[str, list[list[str]]] = {}
    for words in said:
        if words:
            rests.setdefault(words[0], []).append(words[1:])
    bodies = [f"{first} {share_prefixes(rest)}".strip() for first, rest in rests.items()]
    return alternatives([*bodies, *([""] if [] in said else [])])
