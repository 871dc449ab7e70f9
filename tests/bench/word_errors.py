"""Word error rate of transcripts, whatever their spelling of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from unicode_rbnf import RbnfEngine

from servers.tts.normalization.normalizer import normalize

_NUMBER = re.compile(r"\d+")
_NUMBERS = RbnfEngine.for_language("en")


def words(text: str) -> list[str]:
    """Return the words of an English text, with numbers and signs in words."""
    spelled = _NUMBER.sub(
        lambda match: f" {_NUMBERS.format_number(match[0]).text} ",
        normalize(text.replace("What's", "What is").replace("what's", "what is"), "en-US"),
    )
    return re.findall(r"[a-z']+", spelled.lower())


def errors(spoken: Sequence[str], written: Sequence[str]) -> int:
    """Return the fewest words to replace, leave out and add (Levenshtein)."""
    return _compared(spoken, written)[0]


def added(spoken: Sequence[str], written: Sequence[str]) -> int:
    """Return how many words were written beside those that were spoken or misheard."""
    return _compared(spoken, written)[1]


def _compared(spoken: Sequence[str], written: Sequence[str]) -> tuple[int, int]:
    """Return the fewest errors, and the fewest added words among them."""
    row = [(at, at) for at in range(len(written) + 1)]
    for number, word in enumerate(spoken, 1):
        before, row[0] = row[0], (number, 0)
        for at, other in enumerate(written, 1):
            missing = (row[at][0] + 1, row[at][1])
            more = (row[at - 1][0] + 1, row[at - 1][1] + 1)
            replaced = (before[0] + (word != other), before[1])
            before, row[at] = row[at], min(missing, more, replaced)
    return row[-1]


class WordErrors(msgspec.Struct):
    """Errors over several texts."""

    errors: int = 0
    added: int = 0
    """Words that were written beside those that were spoken or misheard."""
    spoken: int = 0
    """Words."""
    wrong: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Spoken and written texts that differ."""

    def add(self, spoken: str, written: str) -> None:
        """Compare a transcript with the text that was spoken."""
        expected = words(spoken)
        found, more = _compared(expected, words(written))
        self.errors += found
        self.added += more
        self.spoken += len(expected)
        if found:
            self.wrong.append((spoken, written))

    @property
    def rate(self) -> float:
        """Errors per spoken word."""
        return self.errors / max(1, self.spoken)
