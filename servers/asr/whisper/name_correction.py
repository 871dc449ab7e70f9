"""Names that may have been said: found by their likeness to a text that was decoded without them.

A prompt that lists names makes Whisper write them where they were not said. So a text is first
decoded without any. Only where a part of it is nearly a name is that name given to the model, and
the second text counts only if it differs from the first in nothing but such a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

ALIKE = 0.7
"""Part of the letters that a name and the part of a text have in common, at least, to be alike:
"nursary" and "nursery" have 0.86, "room" and "bathroom" 0.5."""
MOST = 8
"""Most names tried together, the most alike first; one utterance seldom has more than three."""


def near_names(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are nearly, but not exactly, in a text."""
    words = _words(text)
    found = []
    for name in dict.fromkeys(names):
        wanted = _words(name)
        if not wanted or _contains(words, wanted):
            continue
        lengths = range(max(1, len(wanted) - 1), len(wanted) + 2)
        parts = (words[at : at + size] for size in lengths for at in range(len(words) - size + 1))
        best = max((likeness(part, wanted) for part in parts), default=0.0)
        if best >= ALIKE:
            found.append((best, name))
    found.sort(key=lambda item: -item[0])
    return tuple(name for _, name in found[:MOST])


def only_names_differ(before: str, after: str, names: Iterable[str]) -> bool:
    """Return whether each change from one text to the other turns a part into a name it is like."""
    old, new = _words(before), _words(after)
    wanted = [_words(name) for name in names]
    changes = [
        change
        for change in SequenceMatcher(None, old, new, False).get_opcodes()
        if change[0] != "equal"
    ]
    return bool(changes) and all(
        any(_turns_into(old, new, change[1:], name) for name in wanted) for change in changes
    )


def likeness(left: list[str], right: list[str]) -> float:
    """Return 1 for the same letters, 0 for none in common: by edit distance. Ignores spaces."""
    first, second = "".join(left), "".join(right)
    longest = max(len(first), len(second))
    return 1.0 - _distance(first, second) / longest if longest else 0.0


def _turns_into(
    old: list[str], new: list[str], change: tuple[int, int, int, int], name: list[str]
) -> bool:
    """Return whether the new text has the name around a change, where the old one was like it."""
    first, last, begin, end = change
    size = len(name)
    for at in range(max(0, end - size), min(begin, len(new) - size) + 1):
        if new[at : at + size] == name:
            before, behind = begin - at, at + size - end
            return likeness(old[max(0, first - before) : last + behind], name) >= ALIKE
    return False


def _contains(words: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _distance(first: str, second: str) -> int:
    """Return the Levenshtein distance."""
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, 1):
        above, row[0] = row[0], number
        for at, wanted in enumerate(second, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (letter != wanted))
    return row[-1]
