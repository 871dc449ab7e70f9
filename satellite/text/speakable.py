"""Speakable sentences from the text of a language model, as it arrives."""

from __future__ import annotations

import re

from satellite.text.formulas import replace_formulas
from satellite.text.links import replace_links
from satellite.text.markdown import strip_markup
from satellite.text.symbols import strip_symbols

_FENCE = re.compile(r"`{3,}|^[ \t]*~{3,}", re.MULTILINE)
_BRACKET = re.compile(r"[\[\]{}]")
"""Remains of links that are malformed, or that were split over two sentences; and the brackets of
templates and of the voices' own notation, `[[h@l'oU]]`."""
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_STRAY = re.compile(r"\s+(?=[.,!?;:…](?:\s|$))")


class MarkupFilter:
    """Cleans one answer, sentence by sentence, and leaves out blocks of code that span several."""

    def __init__(self) -> None:
        self._in_code = False

    def clean(self, sentence: str) -> str:
        """Return the speakable text of the next sentence; empty for code."""
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


def speakable(text: str) -> str:
    """Return the speakable text of a complete answer. Idempotent: `speakable(speakable(x))` is
    `speakable(x)`."""
    return MarkupFilter().clean(text)


def _clean(text: str) -> str:
    """Remove markup within markup, too, and last the brackets that belong to no link."""
    while True:
        text = _unnested(text)
        bare = _BRACKET.sub("", text)
        if bare == text:
            return text
        text = bare


def _unnested(text: str) -> str:
    """Clean until nothing changes, which ends: each pass that changes a text removes markup, a
    symbol, an escape or white space from it, and leaves less of these to the next."""
    while (cleaned := _pass(text)) != text:
        text = cleaned
    return text


def _pass(text: str) -> str:
    text = strip_symbols(strip_markup(replace_links(replace_formulas(text))))
    return _STRAY.sub("", _LINES.sub("\n", _SPACES.sub(" ", text))).strip()
