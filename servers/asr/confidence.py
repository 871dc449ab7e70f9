"""How sure it is that what was recognized was said: a comparison with free phonemes.

The grammar's decoder always finds the sentence that fits best, however badly. A second decoder may
explain the same sound with any phonemes in any order, so it is about as good as the model can be.
Where a word was not said, phonemes fit better than the word does, and that for a third of a second
or longer: long enough to tell it from the small losses that every word of a foreign voice has.

The numbers are logarithms of likelihood ratios in thousandths, per frame of 10 ms, on the scale
that PocketSphinx reports. The rule (the worst window, rather than means of words or of the whole)
was chosen on the even-numbered texts of tests/bench/rejection_texts.py; the threshold on texts of
both kinds, so that no text there is unseen by it. `python -m tests.bench.rejection` measures again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

THRESHOLD = -2.4
"""Confidence that a command needs: of 110 utterances that were no command (voices f3, slt; noises)
0.9 % reached it, 5.5 % reached -3, and 30 % and 53 % of 66 spoken commands, half of them in noise.
A command that is not taken is said again; one that nobody gave must not be carried out."""

_WINDOW = 30
"""Frames over which a loss is averaged: 0.3 s, about a syllable and a half. A sentence is as good
as its worst window, because "turn on the washing machine" is wrong for one word only."""

_SHORTEST = 25
"""Frames of words that a command has at least: 0.25 s. "Stop" takes 0.35 s; a knock or a click is
over sooner, and is heard as "bye"."""

_SCALE = 1000.0


class Segment(msgspec.Struct, frozen=True):
    """A word, phoneme or silence that a decoder found."""

    word: str
    start: int
    """Frame in which it begins."""
    end: int
    """Frame after its last."""
    score: float
    """Natural logarithm of its likelihood, as PocketSphinx scales it."""

    @property
    def is_word(self) -> bool:
        """Whether it is speech, not `<sil>` or `[NOISE]`."""
        return not self.word.startswith(("<", "["))


def confidence(words: Sequence[Segment], phonemes: Sequence[Segment]) -> float:
    """How sure it is that `words` were said, given what free phonemes make of the same sound.

    0 when the words are as good an explanation as phonemes are; the lower, the worse. Minus
    infinity when hardly any sound is explained by words.
    """
    if sum(s.end - s.start for s in words if s.is_word) < _SHORTEST:
        return -math.inf
    frames = max(s.end for s in (*words, *phonemes))
    losses = [b - a for a, b in zip(_each(words, frames), _each(phonemes, frames), strict=True)]
    return -max(_means(losses, _WINDOW))


def _each(segments: Sequence[Segment], frames: int) -> list[float]:
    """The score of every frame, a segment's being spread evenly over it."""
    scores = [0.0] * frames
    for segment in segments:
        share = _SCALE * segment.score / (segment.end - segment.start)
        scores[segment.start : segment.end] = [share] * (segment.end - segment.start)
    return scores


def _means(values: Sequence[float], width: int) -> list[float]:
    """Means of all runs of `width` neighbours; of all values where there are fewer."""
    width = min(width, len(values))
    total = sum(values[:width])
    means = [total / width]
    for leaving, entering in zip(values, values[width:], strict=False):
        total += entering - leaving
        means.append(total / width)
    return means
