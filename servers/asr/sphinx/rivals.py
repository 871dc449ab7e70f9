"""Confusable words of a command, and how close the scores of two commands may be for a question.

Of "thirteen" and "thirty", the longer word is often taken for the shorter, as "minutes" swallows
its end, and seldom the shorter for the longer. In the even pairs of the voices that
tests/bench/rejection_sounds.py lists as `CHOSEN_ON`, within "set a timer for ... minutes", the
sentence with the ten scores better than the one with the teen, in thousandths of a logarithm of
likelihood as PocketSphinx scales it, by

- -44 to -12 (slt) and -13 to 6 (kal16) where the teen was spoken, -1 to 31 and -11 to 22 where the
  ten was: voices made of recordings, which the model knows well;
- 11 to 29 (f3) and 32 to 56 (m3), 48 to 65 and 45 to 63: eSpeak's, which it knows badly.

Where nothing follows the word, the differences are clearer: -135 to 8 and 6 to 49 in the first two
voices, -40 to 20 and 33 to 106 in the others.

"Ten" is taken for "two" only in voices that the model knows badly. In "set an alarm for ...
minutes" and "set a timer for ... minutes", the sentence with "two" scores better by

- 10 to 20 (en-us) and 55 to 70 (m3) where "ten" was spoken, at confidences of -3.5 to -2.5, and
  by 160 and more in these voices where "two" was;
- -160 to -90 and 20 to 150 in voices made of recordings.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Differences of the scores up to which either of two words may have been said."""

    least: float
    """If the word that is seldom mistaken was recognized."""
    well: float
    """If the other one was, in a voice that the model knows well."""
    badly: float
    """If it was, in a voice that the model knows badly."""
    confident: float
    """Confidence from which the model knows a voice well."""
    steepness: float = 25.0
    """Growth of a limit for each point of confidence."""

    def of_taken(self, confidence: float) -> float:
        """Return the limit for a word that others are taken for."""
        limit = self.well + self.steepness * (self.confident - confidence)
        return min(max(self.well, limit), self.badly)


_WITHIN = Limits(least=12, well=20, badly=50, confident=-1.5)
_LAST = Limits(least=6, well=10, badly=25, confident=-1.2)
"""For the last word of a command."""
_SEPARATE = Limits(least=12, well=20, badly=110, confident=-1.5, steepness=40)
"""For the pairs `SEPARATE`, wherever they are."""

SEPARATE = frozenset({("ten", "two")})
"""Pairs whose scores differ clearly in each voice, though at another place in each."""
_LIKELIER = 0.75
"""Share of what a badly known voice adds to the limit, up to which the first word of such a pair
was said, without a question."""


class Rivals:
    """The confusable pairs of a language; in each, the first word is often taken for the second."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._taken = {second for _first, second in pairs}
        self._rivals: dict[str, list[str]] = {}
        for pair in pairs:
            for word, rival in (pair, pair[::-1]):
                self._rivals.setdefault(word, []).append(rival)

    def of(self, word: str) -> frozenset[str]:
        """Return the words that a word is confused with."""
        return frozenset(self._rivals.get(word, ()))

    def alternatives(
        self, command: Sequence[str], confidence: float
    ) -> list[dict[str, float]] | None:
        """Return the words at each place of a command, and by how much each is favored.

        The scale is that of the scores. None if no word of the command has a rival.
        """
        if self._rivals.keys().isdisjoint(command):
            return None
        places: list[dict[str, float]] = []
        for number, word in enumerate(command, 1):
            usual = _LAST if number == len(command) else _WITHIN
            rivals = {}
            for rival in self._rivals.get(word, ()):
                pairs = {(rival, word), (word, rival)}
                limits = _SEPARATE if pairs & SEPARATE else usual
                limit = limits.of_taken(confidence) if word in self._taken else limits.least
                rivals[rival] = limit
            places.append({word: 0.0, **rivals})
        return places

    def likelier(
        self, command: Sequence[str], place: int, rival: str, confidence: float
    ) -> list[dict[str, float]] | None:
        """Return the words at each place if a rival may be what was said rather than a question.

        `place` is that of the word that was recognized. None for a pair not among `SEPARATE`.
        """
        if (rival, command[place]) not in SEPARATE:
            return None
        places = [{word: 0.0} for word in command]
        added = _SEPARATE.of_taken(confidence) - _SEPARATE.well
        places[place][rival] = _LIKELIER * added
        return places
