"""Splitting a text into sentences while it is still being written."""

from __future__ import annotations

from satellite.text import marks
from satellite.text.boundaries import Boundaries
from satellite.text.rules import TextRules

LONGEST = 30.0
"""Seconds of speech after which a text is split even within a sentence, at a comma or a space, so
that a missing full stop never delays speech without end."""

CLAUSE = 1.0
"""Seconds of speech of the shortest clause that is spoken alone."""

SPACED_CLAUSE = 3.0
"""Seconds of speech after which a space ends a piece, in scripts that write none between words."""


class SentenceSplitter:
    """Takes text in pieces of any length; returns sentences as soon as they are complete."""

    def __init__(self, rules: TextRules | None = None, *, early: bool = False) -> None:
        """`rules` are those of the text's language, by default what all languages share.

        With `early`, the first piece may be a clause, so that speech begins before the first
        sentence is complete; and it waits for the next word only where it might go on.
        """
        self._boundaries = Boundaries(rules or TextRules())
        self._early = early
        self._text = ""
        self._ended = False
        """The first piece was returned before the text behind it was known."""

    @property
    def pending(self) -> str:
        """The text of the unfinished sentence, and the space before it."""
        return self._text

    def push(self, text: str) -> list[str]:
        """Add text of any length; return the sentences that it completes."""
        found: list[str] = []
        step = self._longest(text)
        if self._ended and text:
            # marks that belong to the piece that was spoken already, such as a second one
            text = text.lstrip(marks.STOPS + marks.CLOSING)
            self._ended = not text
        for start in range(0, len(text), step):
            self._text += text[start : start + step]
            self._take(found, final=False)
        return found

    def flush(self) -> list[str]:
        """End the text, and return the remaining sentences."""
        found: list[str] = []
        self._take(found, final=True)
        rest, self._text = self._text, ""
        _add(found, rest)
        return found

    def _take(self, found: list[str], *, final: bool) -> None:
        """Move what is complete from the text to the sentences found."""
        text, start = self._text, 0
        while (end := self._boundaries.sentence(text, start, final=final)) is not None:
            self._add_long(found, text[start:end])
            start = end
        rest = text[start:]
        if self._early and not found and self._is_complete(rest, final):
            self._add_long(found, rest)
            rest, self._ended = "", bool(found)
        while (end := self._within(rest, self._early and not found, final)) is not None:
            _add(found, rest[:end])
            rest = rest[end:]
        self._early = self._early and not found
        self._text = rest

    def _is_complete(self, text: str, final: bool) -> bool:
        """Return whether an unfinished text is spoken now, without waiting for the next word."""
        if final or not self._boundaries.ends_already(text):
            return False
        whole = self._seems_whole(text)
        return whole or len(text.strip()) >= self._boundaries.characters(CLAUSE, text)

    def _within(self, text: str, first: bool, final: bool) -> int | None:
        """Return where to split an unfinished sentence now; None to wait for more of it."""
        longest = self._longest(text)
        if len(text) > longest:
            return self._long(text, longest)
        if final:
            return None
        skipped = len(text) - len(text.lstrip())
        least = skipped + self._boundaries.characters(CLAUSE if first else SPACED_CLAUSE, text)
        if first and not self._seems_whole(text):
            for end in self._boundaries.clauses(text, 0, len(text)):
                if end >= least and (end < len(text) or not text[end - 1].isspace()):
                    return end
        return next(iter(self._boundaries.spaces(text, least, len(text))), None)

    def _seems_whole(self, text: str) -> bool:
        """Return whether only the next sentence's begin is awaited, as with a text that is sent
        whole."""
        return self._boundaries.sentence(text, final=True) is not None

    def _add_long(self, found: list[str], sentence: str) -> None:
        """Add a sentence, in parts if it is too long."""
        while len(sentence) > (longest := self._longest(sentence)):
            end = self._long(sentence, longest)
            _add(found, sentence[:end])
            sentence = sentence[end:]
        _add(found, sentence)

    def _long(self, text: str, longest: int) -> int:
        """Return where to split a text of more than `longest` characters."""
        clauses = list(self._boundaries.clauses(text, longest // 2, longest))
        if clauses:
            return clauses[-1]
        spaces = list(self._boundaries.spaces(text, longest // 2, longest))
        return spaces[-1] if spaces else self._boundaries.last_resort(text, 0, longest)

    def _longest(self, text: str) -> int:
        return self._boundaries.characters(LONGEST, text)


def _add(found: list[str], text: str) -> None:
    """Add a text that has anything to speak."""
    if any(character.isalnum() for character in text):
        found.append(text.strip())
