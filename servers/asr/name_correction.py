"""Names that may have been said: found by their likeness to a text that was decoded without them.

A prompt that lists names makes Whisper write them where they were not said. So a text is first
decoded without any. Only where a part of it is nearly a name is that name given to the model, and
the second text counts only if it differs from the first in nothing but such a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from difflib import SequenceMatcher
from itertools import takewhile

import numpy as np

from servers.asr.scripts import is_han, same_kana, units

ALIKE = 0.7
"""Part of the letters that a name and the part of a text have in common, at least, to be alike:
"nursary" and "nursery" have 0.86, "room" and "bathroom" 0.5."""
HAN_ALIKE = 0.6
"""The same for a name in Chinese characters, each of which is a syllable, and a part of as many:
two of three. With one of two, Whisper base wrote 窗簾 (curtains) for 窗戶 (window)."""
STEM = 3
"""Fewest letters that the grammatical cases of a name have in common."""
COMPARED = 2000
"""Most pairs of a name and a part that are compared letter by letter: a tenth of a second."""
_LETTERS = 64
"""Letters that are counted apart: the Latin ones, and those of other scripts by their last bits."""
MOST = 8
"""Most names tried together, the most alike first; one utterance seldom has more than three."""


def near_names(text: str, names: Iterable[str], endings: int = 0) -> tuple[str, ...]:
    """Return the names that are nearly, but not exactly, in a text.

    A part that differs from a name in no more than its last `endings` letters is that name in
    another grammatical case. In scripts without spaces, each character counts as a word.
    """
    words = _words(text)
    known = {name: found for name in names if (found := _words(name))}
    places = {name: _places(words, found) for name, found in known.items()}
    wanted = {name: found for name, found in known.items() if not places[name]}
    taken = {
        at + n for name, begins in places.items() for at in begins for n in range(len(known[name]))
    }
    best: dict[str, float] = {}
    declined: set[str] = set()
    for name, part in _promising(words, wanted, taken):
        if _is_declined(part, wanted[name], endings):
            declined.add(name)
        elif (alike := likeness(part, wanted[name])) >= _enough(part, wanted[name]):
            best[name] = max(best.get(name, 0.0), alike)
    return tuple(
        sorted((name for name in best if name not in declined), key=lambda name: -best[name])[:MOST]
    )


def _promising(
    words: list[str], wanted: Mapping[str, list[str]], taken: Set[int]
) -> list[tuple[str, list[str]]]:
    """Return the pairs of a name and a part of the text that may be alike, the likeliest first.

    The letters that two texts have in common, in any order, are the most that can be alike. This
    takes a few milliseconds for 500 names, and comparing each of them with each part seconds.
    Chinese names are short, and many have a character in common (厨房, 书房), so they are not
    compared with the characters `taken` by another name.
    """
    pairs: list[tuple[float, str, list[str]]] = []
    by_length: dict[int, list[str]] = {}
    for name, found in wanted.items():
        by_length.setdefault(len(found), []).append(name)
    for length, names in by_length.items():
        sizes = range(max(1, length - 1), length + 2)
        spans = [range(at, at + size) for size in sizes for at in range(len(words) - size + 1)]
        parts = [words[span.start : span.stop] for span in spans]
        if not parts:
            continue
        free = np.array([taken.isdisjoint(span) for span in spans])
        of_parts = np.array([_letters(part) for part in parts])
        longest = of_parts.sum(1)
        for name in names:
            letters = _letters(wanted[name])
            common = np.minimum(of_parts, letters).sum(1)
            bound = common / np.maximum(longest, letters.sum())
            if all(map(is_han, wanted[name])):
                promising = np.flatnonzero((bound >= HAN_ALIKE) & free)
            else:
                promising = np.flatnonzero(bound >= ALIKE)
            pairs += [(float(bound[at]), name, parts[at]) for at in promising]
    pairs.sort(key=lambda pair: -pair[0])
    return [(name, part) for _, name, part in pairs[:COMPARED]]


def _letters(words: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return how often each letter occurs; rare ones share a number."""
    codes = np.frombuffer(same_kana("".join(words)).encode("utf-32-le"), "<u4") % _LETTERS
    return np.bincount(codes, minlength=_LETTERS).astype(np.int16)


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
    """Return 1 for the same letters, 0 for none in common: by edit distance. Ignores spaces, and
    whether Japanese is in hiragana or katakana."""
    first, second = same_kana("".join(left)), same_kana("".join(right))
    longest, shortest = max(len(first), len(second)), min(len(first), len(second))
    if shortest < HAN_ALIKE * longest:  # that many letters are missing at least
        return shortest / longest if longest else 0.0
    return 1.0 - _distance(first, second) / longest


def _turns_into(
    old: list[str], new: list[str], change: tuple[int, int, int, int], name: list[str]
) -> bool:
    """Return whether the new text has the name around a change, where the old one was like it."""
    first, last, begin, end = change
    size = len(name)
    for at in range(max(0, end - size), min(begin, len(new) - size) + 1):
        if new[at : at + size] == name:
            before, behind = begin - at, at + size - end
            part = old[max(0, first - before) : last + behind]
            return likeness(part, name) >= _enough(part, name)
    return False


def _is_declined(part: list[str], name: list[str], endings: int) -> bool:
    """Return whether each word of a part is that of a name, or another form of it."""
    return (
        endings > 0
        and len(part) == len(name)
        and all(
            _stem(first, second) >= max(STEM, max(len(first), len(second)) - endings)
            for first, second in zip(part, name, strict=True)
        )
    )


def _stem(first: str, second: str) -> int:
    """Return how many letters two words begin with in common."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return sum(1 for _ in same)


def _enough(part: list[str], name: list[str]) -> float:
    """Return the least likeness of a part and a name that are alike."""
    of_one_length = len(part) == len(name) and all(map(is_han, [*part, *name]))
    return HAN_ALIKE if of_one_length else ALIKE


def _places(words: list[str], wanted: list[str]) -> list[int]:
    """Return where a name begins in a text."""
    size = len(wanted)
    return [at for at in range(len(words) - size + 1) if words[at : at + size] == wanted]


def _words(text: str) -> list[str]:
    return units(text)


def _distance(first: str, second: str) -> int:
    """Return the Levenshtein distance."""
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, 1):
        above, row[0] = row[0], number
        for at, wanted in enumerate(second, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (letter != wanted))
    return row[-1]
