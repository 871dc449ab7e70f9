"""How easily wake words are heard, which people change while the satellite runs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import get_args

from satellite.builtin.wake.bundled_models import spelled
from satellite.settings.listening import WakeSensitivity as Level
from satellite.text.quoted import quoted

STEPS: dict[Level, int] = {"lowest": 2, "low": 1, "usual": 0, "high": -1, "highest": -2}
"""Steps from the usual threshold, up or down."""

_HALF = 2
"""Steps down that halve a threshold; as many up are its root."""


class Sensitivity:
    """The threshold of every wake word, by one level and by those of single words."""

    def __init__(self, level: Level = "usual", of_words: Iterable[str] = ()) -> None:
        self.use(level, of_words)

    def use(self, level: Level, of_words: Iterable[str] = ()) -> None:
        """Use other levels from now on, in running streams, too; see `levels_of`."""
        self._levels = levels_of(of_words)
        self._level = level

    def threshold(self, word: str, usual: float) -> float:
        """Return the score needed instead of the usual one, 0 to 1. May be called on any thread."""
        level = self._levels.get(spelled(word), self._level) if self._levels else self._level
        return stepped(usual, STEPS[level])


def stepped(usual: float, step: int) -> float:
    """Return a threshold moved by steps: down towards 0, or up towards 1."""
    part: float = 0.5 ** (abs(step) / _HALF)
    return usual * part if step < 0 else math.pow(usual, part)


def levels_of(texts: Iterable[str]) -> dict[str, Level]:
    """Return levels by the word as `spelled`, of texts such as `hey_jarvis=high`.

    Raises `ValueError` for another form.
    """
    found: dict[str, Level] = {}
    for text in texts:
        word, _, name = (part.strip() for part in text.rpartition("="))
        level = next((each for each in get_args(Level) if each == name), None)
        if level is None or not word:
            known = ", ".join(get_args(Level))
            raise ValueError(f"{quoted(text, 80)} is not WORD=LEVEL; levels are {known}")
        found[spelled(word)] = level
    return found


def with_level(texts: Iterable[str], word: str, level: Level | None) -> tuple[str, ...]:
    """Return the texts with another level of a word, or without its own."""
    others = (text for text in texts if spelled(word) not in levels_of([text]))
    return (*others, f"{word}={level}") if level else tuple(others)
