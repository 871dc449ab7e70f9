"""Splitting a text into sentences while it is still being written."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import msgspec

LONGEST = 400
"""Characters after which a text is split even within a sentence, at a comma or a space: about 25
seconds of speech, so that a missing full stop never delays speech without end."""

CLAUSE = 12
"""Characters of the shortest clause that is spoken alone: not quite a second of speech."""

_ITEM = re.compile(r"(?:^|\n|[:;]\s)\s*\(?\d{1,3}[.)]$")
"""The number of a list's item: the item follows."""
_DOLLAR = re.compile(r"\$(?![\d\s])")
"""A dollar that begins or ends a formula, `$x = 5, y = 3$`, and no amount of money."""
_COMMA = re.compile(r"[,;:]\s")
_SPACE = re.compile(r"\s")


class SentenceSplitter:
    """Takes text in pieces of any length; returns sentences as soon as they are complete."""

    def __init__(self) -> None:
        from sentence_stream import SentenceBoundaryDetector

        self._detector = SentenceBoundaryDetector()
        self._abbreviation = _abbreviations()
        self._held = ""
        """What looks complete, but goes on: it ends in an abbreviation or an item's number."""

    def push(self, text: str) -> list[str]:
        """Add text of any length; return the sentences that it completes."""
        sentences: list[str] = []
        for start in range(0, len(text), LONGEST):
            for sentence in self._detector.add_chunk(text[start : start + LONGEST]):
                sentences += self._complete(sentence)
            parts, self._detector.remaining_text = _split_long(self._detector.remaining_text)
            if parts:
                sentences += [self._take_held(), *parts]
        return list(filter(_speakable, sentences))

    def clause(self) -> str | None:
        """Take and return the first clause of the unfinished sentence; None if it has none yet.

        Speech can then begin before the sentence is complete.
        """
        if self._detector.current_sentence:
            return None  # the last sentence ended in a possible abbreviation
        match = _COMMA.search(self._detector.remaining_text, CLAUSE)
        if match is None or len(_DOLLAR.findall(self._detector.remaining_text[: match.end()])) % 2:
            return None
        text = self._detector.remaining_text
        self._detector.remaining_text = text[match.end() :]
        clause = _joined(self._take_held(), text[: match.end()].strip())
        return clause if _speakable(clause) else None

    @property
    def pending(self) -> str:
        """The text of the unfinished sentence."""
        rest = str(self._detector.current_sentence + self._detector.remaining_text)
        return _joined(self._held, rest)

    def flush(self) -> list[str]:
        """End the text, and return the remaining sentences."""
        parts, rest = _split_long(_joined(self._take_held(), self._detector.finish()))
        return list(filter(_speakable, [*parts, rest]))

    def _complete(self, sentence: str) -> list[str]:
        """Return what is complete with the next sentence that the detector has found."""
        parts, rest = _split_long(_joined(self._take_held(), sentence))
        if _ITEM.search(rest) or self._abbreviation.search(rest):
            self._held = rest
            return parts
        return [*parts, rest]

    def _take_held(self) -> str:
        held, self._held = self._held, ""
        return held


def _joined(held: str, text: str) -> str:
    return f"{held} {text}" if held and text else held + text


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


@functools.cache
def _abbreviations() -> re.Pattern[str]:
    """Return a pattern of the end of a text that is an abbreviation of any language."""
    import yaml  # 15 ms, only for programs that split a text

    file = resources.files("satellite.text") / "abbreviations.yaml"
    content: Any = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    languages = msgspec.convert(content, dict[str, list[str]])
    words = {word for words in languages.values() for word in words}
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(words)))})$")
