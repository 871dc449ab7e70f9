"""Splitting a text into sentences while it is still being written."""

from __future__ import annotations

import re

LONGEST = 400
"""Characters after which a text is split even within a sentence, at a comma or a space: about 25
seconds of speech, so that a missing full stop never delays speech without end."""

CLAUSE = 12
"""Characters of the shortest clause that is spoken alone: not quite a second of speech."""

_COMMA = re.compile(r"[,;:]\s")
_SPACE = re.compile(r"\s")


class SentenceSplitter:
    """Takes text in pieces of any length; returns sentences as soon as they are complete."""

    def __init__(self) -> None:
        from sentence_stream import SentenceBoundaryDetector

        self._detector = SentenceBoundaryDetector()

    def push(self, text: str) -> list[str]:
        """Add text of any length; return the sentences that it completes."""
        sentences: list[str] = []
        for start in range(0, len(text), LONGEST):
            for sentence in self._detector.add_chunk(text[start : start + LONGEST]):
                parts, rest = _split_long(sentence)
                sentences += [*parts, rest]
            parts, self._detector.remaining_text = _split_long(self._detector.remaining_text)
            sentences += parts
        return list(filter(_speakable, sentences))

    def clause(self) -> str | None:
        """Take and return the first clause of the unfinished sentence; None if it has none yet.

        Speech can then begin before the sentence is complete.
        """
        if self._detector.current_sentence:
            return None  # the last sentence ended in a possible abbreviation
        match = _COMMA.search(self._detector.remaining_text, CLAUSE)
        if match is None:
            return None
        text = self._detector.remaining_text
        self._detector.remaining_text = text[match.end() :]
        return text[: match.end()].strip() if _speakable(text[: match.end()]) else None

    @property
    def pending(self) -> str:
        """The text of the unfinished sentence."""
        return str(self._detector.current_sentence + self._detector.remaining_text)

    def flush(self) -> list[str]:
        """End the text, and return the remaining sentences."""
        parts, rest = _split_long(self._detector.finish())
        return list(filter(_speakable, [*parts, rest]))


def _split_long(text: str) -> tuple[list[str], str]:
    """Split off parts of at most `LONGEST` characters, at a comma or a space where possible.

    Returns the parts, and the rest, which is short enough.
    """
    parts = []
    while len(text) > LONGEST:
        commas = [match.end() for match in _COMMA.finditer(text, LONGEST // 2, LONGEST)]
        spaces = [match.end() for match in _SPACE.finditer(text, 0, LONGEST)]
        at = (commas or spaces or [LONGEST])[-1]
        parts.append(text[:at].strip())
        text = text[at:]
    return parts, text


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)
