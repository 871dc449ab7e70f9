"""What is left of a wake word at the beginning of a command that is said in one breath with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

WORD = "_wake"
"""The word that it is to the recognizer; grammars have no word with an underscore."""

WAKE_WORDS = ("okay nabu", "hey jarvis", "alexa", "hey my croft", "hey rhasspy")
"""What the models listen for that openWakeWord and microWakeWord come with, in words that can be
pronounced."""

PROBABILITY = 1e-5
"""Of there being anything left. With 1 it is found in the first sounds of anything:
`python -m tests.bench.rejection --quick` accepts 86 % of commands in place of 90 %, and 9 % of all
else in place of 7 %. With 1e-9 it is missed: of 42 commands in one breath with eSpeak's "okay
nabu", cut anywhere, 31 are right, with 1e-5 36; without it hardly any."""

_SHORTEST = 2
"""Phonemes: a single one might be the beginning of any command."""


def wake_remainders(said: Mapping[str, Sequence[str]]) -> list[str]:
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
