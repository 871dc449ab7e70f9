"""Division of a text into pieces for synthesis, each as long as the available time allows."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from satellite.text.boundaries import Boundaries
from satellite.text.rules import TextRules
from servers.tts.text_splitter import is_audible, split_text

WHOLE_SENTENCE = 1.9
"""Seconds of speech of the longest sentence that stays whole however little time is available."""
SHORTEST_CLAUSE = 0.95
"""Seconds of speech of the shortest clause that becomes a piece of its own: finer cuts make speech
uneven."""
LONGEST_PIECE = 23.0
"""Seconds of speech of the longest piece: the longest wait of other requests."""
_BLOCK = 1000
"""Characters prepared at a time."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a text that is synthesized at once."""

    text: str
    opens: bool
    """Whether the piece begins a sentence."""


class Segmenter:
    """Returns the pieces of a text in order, preparing each part of the text on demand."""

    def __init__(
        self,
        text: str,
        prepare: Callable[[str], str] = lambda text: text,
        rules: TextRules | None = None,
    ) -> None:
        """`prepare` makes some sentences of the text ready for synthesis; `rules` are those of its
        language."""
        rules = rules or TextRules()
        self._blocks = split_text(text, _BLOCK, _BLOCK, rules)
        self._prepare = prepare
        self._boundaries = Boundaries(rules)
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
            end, whole = self._reach(self._rest, fitting)
            piece = Piece(self._rest[:end].strip(), self._opens)
            self._rest = self._rest[end:].lstrip()
            if any(map(is_audible, piece.text)):
                self._opens = whole
                return piece

    def _reach(self, text: str, fitting: float) -> tuple[int, bool]:
        """Return where to cut, and whether a sentence ends there."""
        characters = self._boundaries.characters
        longest, shortest = characters(LONGEST_PIECE, text), characters(SHORTEST_CLAUSE, text)
        fitting = max(fitting, characters(WHOLE_SENTENCE, text))
        end = self._sentence(text, longest)
        if end <= min(fitting, longest):
            return end, True
        inner = range(shortest, min(end, longest) - shortest + 1)
        clauses = [
            *self._boundaries.clauses(text, 0, inner.stop),
            *self._boundaries.spaces(text, 0, inner.stop),
        ]
        clauses = sorted(clause for clause in clauses if clause in inner)
        if clauses:
            return max((c for c in clauses if c <= fitting), default=clauses[0]), False
        if end <= longest:
            return end, True
        return self._boundaries.last_resort(text, 0, longest), False

    def _sentence(self, text: str, longest: int) -> int:
        """Return the end of the first sentence or line."""
        end = self._boundaries.sentence(text, final=True) or len(text)
        line = text.find("\n", 0, min(end, longest))
        return line + 1 if line >= 0 else end
