"""Division of a text into pieces for synthesis, each as long as the available time allows."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from servers.tts.text_splitter import is_audible, split_text

WHOLE_SENTENCE = 24
"""Longest sentence, in characters (under 2 s of speech), that stays whole however little time is
available."""
SHORTEST_CLAUSE = 12
"""Characters of the shortest clause that becomes a piece of its own: finer cuts make speech
uneven."""
LONGEST_PIECE = 300
"""Characters of the longest piece, some 20 s of speech: the longest wait of other requests."""
_BLOCK = 1000
"""Characters prepared at a time."""

_SENTENCE = re.compile(
    # a full stop ends a sentence after a word, not after an initial or a number, and no small
    # letter follows it: "z. B.", "J. Smith" and "3. Mai" stay whole
    r"(?:[!?…]|(?<=[^\W\d_]{2})\.)[\"'”’»)\]]*\s+(?![a-zß-öø-ÿ])|[。！？]|\n\s*"
)
_CLAUSE = re.compile(r"[,;:][\"'”’»)\]]*\s+|[，、；：،]\s*|\s[-–—]+\s|—")


class Piece(msgspec.Struct, frozen=True):
    """A part of a text that is synthesized at once."""

    text: str
    opens: bool
    """Whether the piece begins a sentence."""


class Segmenter:
    """Returns the pieces of a text in order, preparing each part of the text on demand."""

    def __init__(self, text: str, prepare: Callable[[str], str] = lambda text: text) -> None:
        """`prepare` makes some sentences of the text ready for synthesis."""
        self._blocks = split_text(text, _BLOCK, _BLOCK)
        self._prepare = prepare
        self._rest = ""
        self._opens = True

    def take(self, fitting: float) -> Piece | None:
        """Return the next piece with audible content; None at the end.

        That is the next sentence if it has at most `fitting` characters; otherwise as many of its
        first clauses as fit, but at least one.
        """
        while True:
            if not self._rest:
                if (block := next(self._blocks, None)) is None:
                    return None
                self._rest, self._opens = self._prepare(block).strip(), True
            end, whole = _reach(self._rest, max(fitting, WHOLE_SENTENCE))
            piece = Piece(self._rest[:end].strip(), self._opens)
            self._rest = self._rest[end:].lstrip()
            if any(map(is_audible, piece.text)):
                self._opens = whole
                return piece


def _reach(text: str, fitting: float) -> tuple[int, bool]:
    """Return where to cut, and whether a sentence ends there."""
    found = _SENTENCE.search(text, 0, LONGEST_PIECE)
    end = found.end() if found else len(text)
    if end <= min(fitting, LONGEST_PIECE):
        return end, True
    inner = range(SHORTEST_CLAUSE, min(end, LONGEST_PIECE) - SHORTEST_CLAUSE + 1)
    clauses = [m.end() for m in _CLAUSE.finditer(text, 0, inner.stop) if m.end() in inner]
    if clauses:
        return max((clause for clause in clauses if clause <= fitting), default=clauses[0]), False
    if end <= LONGEST_PIECE:
        return end, True
    return text.rfind(" ", 0, LONGEST_PIECE) + 1 or LONGEST_PIECE, False
