"""Parts of a JSGF grammar: alternatives, sequences with shared words, and numbers in words."""

from __future__ import annotations

from collections.abc import Iterable

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_words(number: int) -> str:
    """Return a number from 0 to 100 in words; empty for any other."""
    if 0 <= number < len(_ONES):
        return _ONES[number]
    if number < 0 or number > 100:
        return ""
    if number == 100:
        return "one hundred"
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")


def alternatives(bodies: Iterable[str]) -> str:
    """Return JSGF for any of the bodies; an empty body makes the others optional."""
    unique = list(dict.fromkeys(bodies))
    spoken = [body for body in unique if body]
    if not spoken:
        return ""
    jsgf = spoken[0] if len(spoken) == 1 else f"({' | '.join(spoken)})"
    if len(spoken) == len(unique):
        return jsgf
    return f"[{jsgf}]" if len(spoken) == 1 else f"[{jsgf[1:-1]}]"


def share_prefixes(sequences: list[list[str]]) -> str:
    """Return JSGF for any of several sequences of words, with shared first words."""
    rests: dict[str, list[list[str]]] = {}
    for words in sequences:
        if words:
            rests.setdefault(words[0], []).append(words[1:])
    bodies = [f"{first} {share_prefixes(rest)}".strip() for first, rest in rests.items()]
    return alternatives([*bodies, *([""] if [] in sequences else [])])
