"""A text as a speaker reads it: piece by piece, each as long as there is time for it."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from servers.tts.text_splitter import is_audible, split_text

WHOLE_SENTENCE = 24
"""Characters of a sentence, under 2 s of speech, that is spoken whole however little time there
is."""
SHORTEST_CLAUSE = 12
"""Characters of the shortest clause worth a piece of its own: cut more finely, speech limps."""
LONGEST_PIECE = 300
"""Characters of the longest piece, some 20 s of speech: the time that others may have to wait."""
_BLOCK = 1000
"""Characters made ready at a time."""

_SENTENCE = re.compile(
    # a full stop ends a sentence after a word, not after an initial or a number, and no small
    # letter follows it: "z. B.", "J. Smith" and "3. Mai" stay whole
    r"(?:[!?…]|(?<=[^\W\d_]{2})\.)[\"'”’»)\]]*\s+(?![a-zß-öø-ÿ])|[。！？]|\n\s*"
)
_CLAUSE = re.compile(r"[,;:][\"'”’»)\]]*\s+|[，、；：،]\s*|\s[-–—]+\s|—")


class Piece(msgspec.Struct, frozen=True):
    """A part of a text that is spoken at once."""

    text: str
    opens: bool
    """It begins a sentence."""


class Segmenter:
    """Gives out a text from its beginning; what is to come is not looked at before it is due."""

    def __init__(self, text: str, prepare: Callable[[str], str] = lambda text: text) -> None:
        """`prepare` makes some sentences of the text ready to be spoken."""
        self._blocks = split_text(text, _BLOCK, _BLOCK)
        self._prepare = prepare
        self._rest = ""
        self._opens = True

    def take(self, fitting: float) -> Piece | None:
        """The next piece with something to say; None at the end.

        It is the next sentence if that has at most `fitting` characters, else a clause of it: its
        longest beginning that fits, or the first clause if none does.
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
    """Where to cut, and whether that is at the end of a sentence."""
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
