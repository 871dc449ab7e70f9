"""Sentences, cut from a text while it is still being written."""

from __future__ import annotations

import re

LONGEST = 400
"""Characters after which a text is cut even in the middle of a sentence, at a comma or a space:
about 25 seconds of speech, so that a speaker never waits for a writer who forgot the full stop."""

CLAUSE = 12
"""Characters of the shortest clause worth being said alone, not quite a second of speech."""

_COMMA = re.compile(r"[,;:]\s")
_SPACE = re.compile(r"\s")


class SentenceSplitter:
    """Push text as it comes; take sentences as they are complete."""

    def __init__(self) -> None:
        from sentence_stream import SentenceBoundaryDetector

        self._detector = SentenceBoundaryDetector()

    def push(self, text: str) -> list[str]:
        """Add text of any length; return the sentences it completed."""
        sentences: list[str] = []
        for start in range(0, len(text), LONGEST):
            for sentence in self._detector.add_chunk(text[start : start + LONGEST]):
                parts, rest = cut(sentence)
                sentences += [*parts, rest]
            parts, self._detector.remaining_text = cut(self._detector.remaining_text)
            sentences += parts
        return list(filter(_speakable, sentences))

    def clause(self) -> str | None:
        """Take the clause with which the sentence begins that is still being written, if there is
        one: who waits for the first words need not wait for its end."""
        if self._detector.current_sentence:
            return None  # it ended in what may be an abbreviation
        match = _COMMA.search(self._detector.remaining_text, CLAUSE)
        if match is None:
            return None
        text = self._detector.remaining_text
        self._detector.remaining_text = text[match.end() :]
        return text[: match.end()].strip() if _speakable(text[: match.end()]) else None

    @property
    def rest(self) -> str:
        """What is no whole sentence yet."""
        return str(self._detector.current_sentence + self._detector.remaining_text)

    def flush(self) -> list[str]:
        """The text is over: return what is left."""
        parts, rest = cut(self._detector.finish())
        return list(filter(_speakable, [*parts, rest]))


def cut(text: str) -> tuple[list[str], str]:
    """Cut parts of at most `LONGEST` characters off a text, if it can at a comma or a space.

    Returns the parts and the rest that is short enough.
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
