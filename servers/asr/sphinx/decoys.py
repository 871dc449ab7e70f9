"""Words before or after a command that make it another one: "do not ...", "... in ten minutes".

The recognizer knows them as decoys: a command with one is rejected. Without them, the rest of the
sentence would be taken for the whole.
"""

from __future__ import annotations

_MARK = "_"

BEFORE = 0.1
"""Probability of a decoy before a command. With 1, decoys are found in more commands; with 0.01,
`python -m tests.bench.rejection --quick` has the same commands right, and a spoken "do not turn off
the lights" is taken for another command at 30 dB above the noise. Of 50 commands, one is lost to a
decoy with any value from 0.0001 to 0.1: "turn off the heater"."""

AFTER = 1e-3
"""Probability of a decoy after a command. With 0.1, eSpeak's British "television" is recognized as
"fan if the"."""


def word(spoken: str) -> str:
    """Return the recognizer's word for a word of a decoy. Grammars have no such word."""
    return f"{_MARK}{spoken}_"


def is_word(recognized: str) -> bool:
    """Return whether the recognizer's word is one of a decoy."""
    return recognized.startswith(_MARK) and recognized.endswith(_MARK)
