"""Other texts that the search found, where they fit the sound nearly as well as the best one.

"Set a timer for 14 minutes." and "Set a timer for 40 minutes.": what a brain does with them shows
whether the difference matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from servers.asr.scripts import joined, units

MARGIN = 1.5
"""Most by which the logarithm of a text's probability may be below that of the best one."""
FIGURES_MARGIN = 3.0
"""The same for other figures. In voices made of recordings (Flite, Piper; 25 dB above pink noise),
Whisper base takes "fifty" or "forty" for 15 or 14 by 0.5 to 2.5, and hears "fifteen" as what it is
by more than 3."""
MOST = 4
"""Most texts: a search with five beams finds four beside the best."""

_FIGURES = re.compile(r"\d+")


class Alternative(msgspec.Struct, frozen=True):
    """A text that may have been said instead."""

    text: str
    tokens: tuple[int, ...]


def alternatives(
    text: str,
    others: Iterable[tuple[Sequence[int], float]],
    decode: Callable[[Sequence[int]], str],
    figures_margin: float = FIGURES_MARGIN,
) -> tuple[Alternative, ...]:
    """Return the likely texts with other words than `text`, the likeliest first.

    `others` are tokens, and by how much the logarithm of their probability is below the best one's,
    at most `figures_margin` for those with other figures.
    """
    likely = []
    for tokens, behind in sorted(others, key=lambda other: other[1]):
        other = decode(tokens).strip()
        same = _FIGURES.findall(other) == _FIGURES.findall(text)
        if behind <= (MARGIN if same else figures_margin):
            likely.append(Alternative(other, tuple(tokens)))
    return distinct(text, likely)


def distinct(text: str, others: Iterable[Alternative]) -> tuple[Alternative, ...]:
    """Return the first texts with other words than `text`, and than each other."""
    found = {_words(text): Alternative(text, ())}
    for other in others:
        found.setdefault(_words(other.text), other)
    return tuple(each for words, each in list(found.items())[1:] if words)[:MOST]


def of_whole(texts: Sequence[str], others: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the texts of all windows as one, with one of the `others` in place of its window's."""
    return tuple(
        joined([*texts[:number], other, *texts[number + 1 :]])
        for number, found in enumerate(others)
        for other in found
    )[:MOST]


def _words(text: str) -> str:
    """Return a text without what is not spoken: case and punctuation."""
    return " ".join(units(text)).casefold()
