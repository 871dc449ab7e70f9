"""The remainder of a wake word before a command that was spoken in one breath with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

WORD = "_wake"
"""The recognizer's word for it. Grammars have no word with an underscore."""

WAKE_WORDS = ("okay nabu", "hey jarvis", "alexa", "hey my croft", "hey rhasspy")
"""The wake words of the models that openWakeWord and microWakeWord ship, spelled in pronounceable
words."""

PROBABILITY = 1e-5
"""Probability of a remainder. With 1, it is found in the first sounds of anything:
`python -m tests.bench.rejection --quick` accepts 86 % of commands in place of 90 %, and 9 % of
other speech in place of 7 %. With 1e-9, it is missed: of 42 commands in one breath with eSpeak's
"okay nabu", cut anywhere, 31 are right; with 1e-5, 36; without remainders, hardly any."""

_SHORTEST = 2
"""Fewest phonemes: a single one might begin any command."""


def wake_remainders(pronunciations: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the phonemes of the wake words from any of their phonemes on.

    `pronunciations` has the pronunciations of each word. A detector is sure of a word some tenths
    of a second before or after its end, and the utterance begins 0.3 s before that.
    """
    found = set()
    for words in WAKE_WORDS:
        for variants in product(*(pronunciations.get(word, ()) for word in words.split())):
            phonemes = " ".join(variants).split()
            for start in range(len(phonemes) - _SHORTEST + 1):
                found.add(" ".join(phonemes[start:]))
    return sorted(found)
