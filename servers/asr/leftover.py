"""What is left of a wake word at the beginning of a command that is said in one breath with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

WORD = "_wake"
"""The word that it is to the recognizer; grammars have no word with an underscore."""

WAKE_WORDS = ("okay nabu", "hey jarvis", "alexa", "hey my croft", "hey rhasspy")
"""What the models listen for that openWakeWord and microWakeWord come with, in words that can be
pronounced."""

_SHORTEST = 2
"""Phonemes: a single one might be the beginning of any command."""


def leftovers(said: Mapping[str, Sequence[str]]) -> list[str]:
    """How the wake words sound from any of their phonemes on, the way `said` says each word.

    A detector is sure of a word some tenths of a second before or after its end, and the utterance
    begins 0.3 s before that.
    """
    found = set()
    for words in WAKE_WORDS:
        for ways in product(*(said.get(word, ()) for word in words.split())):
            phonemes = " ".join(ways).split()
            for start in range(len(phonemes) - _SHORTEST + 1):
                found.add(" ".join(phonemes[start:]))
    return sorted(found)
