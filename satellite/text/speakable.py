"""Plain sentences out of what a language model writes, as they come."""

from __future__ import annotations

import re

from satellite.text.links import hosts
from satellite.text.markdown import words
from satellite.text.symbols import spoken_signs

_FENCE = re.compile(r"`{3,}|^[ \t]*~{3,}", re.MULTILINE)
_NESTED = 8
"""How deep markup within markup is undone; nobody writes so."""
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_STRAY = re.compile(r"\s+(?=[.,!?;:…](?:\s|$))")


class PlainText:
    """One answer, sentence by sentence; it remembers whether it is within a block of code."""

    def __init__(self) -> None:
        self._in_code = False

    def of(self, sentence: str) -> str:
        """What is to be said of the next sentence; perhaps nothing, as of code."""
        outside = []
        start = 0
        for fence in _FENCE.finditer(sentence):
            if not self._in_code:
                outside.append(sentence[start : fence.start()])
            self._in_code = not self._in_code
            start = fence.end()
        if not self._in_code:
            outside.append(sentence[start:])
        return _clean("\n".join(outside))


def plain(text: str) -> str:
    """A whole text in plain words."""
    return PlainText().of(text)


def _clean(text: str) -> str:
    for _ in range(_NESTED):
        before, text = text, _once(text)
        if text == before:
            break
    return text


def _once(text: str) -> str:
    text = spoken_signs(words(hosts(text)))
    return _STRAY.sub("", _LINES.sub("\n", _SPACES.sub(" ", text))).strip()
