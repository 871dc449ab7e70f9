"""How sure it is that what was recognized was said: a comparison with free phonemes.

The grammar's decoder always finds the sentence that fits best, however badly. A second decoder may
explain the same sound with any phonemes in any order, so it is about as good as the model can be.
Its advantage is what the words lose. Added up are two losses, and one allowance:

- that of the worst third of a second, because "turn on the washing machine" is wrong for one word
  only, and there for longer than the small losses that every word of a foreign voice has;
- the mean of all words, because of a command that nobody gave nearly every word fits a little
  badly, even where none fits very badly;
- half of how badly even the phonemes fit, because the words of a voice that the model knows badly
  lose more. Somebody whose voice it knows well, and who says something else, gets no allowance.

The numbers are logarithms of likelihood ratios in thousandths, per frame of 10 ms, on the scale
that PocketSphinx reports. `python -m tests.bench.rejection` measures what the rule does, and says
which texts and voices it was chosen on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from servers.asr.sphinx.wake_remainder import WORD

THRESHOLD = -4.7
"""Confidence that a command needs. Of the sample that `--quick` takes (100 commands, 296 other
utterances of eSpeak, Flite and people) 89 % of the commands are right and 5.4 % of all else is
accepted at -4.6, 92 % and 7.1 % at -4.8. Many of the latter are near a command: "close the bedroom
window" for "close the bedroom radio"."""

_WINDOW = 30
"""Frames over which the worst loss is averaged: 0.3 s, about a syllable and a half."""

_ALLOWANCE = 0.5
"""Of the phonemes' score: where 2 % of all else is accepted, 97 % of commands are too on the texts
and voices that the rule was chosen on, and 83 % on others; without it 94 % and 80 %."""
_FIT = -5.5
"""Score of phonemes in words of the middle of all voices there: for it there is no allowance."""

_SHORTEST = 25
"""Frames of words that a command has at least: 0.25 s. "Stop" takes 0.35 s; a knock or a click is
over sooner, and is heard as "bye"."""

_BEFORE = 30
"""Frames at the beginning that need not fit where no word is heard in them: an utterance begins
0.3 s before its wake word was known."""

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
        """Whether it is a command's, not `<sil>` or `[NOISE]`, nor what is left of a wake word."""
        return not self.word.startswith(("<", "[", "_"))

    @property
    def is_leftover(self) -> bool:
        """Whether it is what is left of a wake word."""
        return self.word == WORD


def confidence(words: Sequence[Segment], phonemes: Sequence[Segment]) -> float:
    """How sure it is that `words` were said, given what free phonemes make of the same sound.

    0 when the words are as good an explanation as phonemes are, which fit as usual; the lower, the
    worse. Minus infinity when hardly any sound is explained by words.
    """
    if sum(s.end - s.start for s in words if s.is_word) < _SHORTEST:
        return -math.inf
    frames = max(s.end for s in (*words, *phonemes))
    free = _each(phonemes, frames)
    losses = [b - a for a, b in zip(_each(words, frames), free, strict=True)]
    said = [f for s in words if s.is_word or s.is_leftover for f in range(s.start, s.end)]
    # a wake word that begins within one of its phonemes fits badly there, whatever follows it
    first = min(s.start for s in words if s.is_word)
    begun = max((s.end for s in words if s.is_leftover), default=min(first, _BEFORE))
    # words that fit better than phonemes do not make up for a word that does not fit
    loss = max(_means(losses[begun:], _WINDOW)) + max(0.0, _mean(losses, said))
    return _ALLOWANCE * (_FIT - _mean(free, said)) - loss


def _each(segments: Sequence[Segment], frames: int) -> list[float]:
    """The score of every frame, a segment's being spread evenly over it."""
    scores = [0.0] * frames
    for segment in segments:
        share = _SCALE * segment.score / (segment.end - segment.start)
        scores[segment.start : segment.end] = [share] * (segment.end - segment.start)
    return scores


def _mean(values: Sequence[float], places: Sequence[int]) -> float:
    return sum(values[place] for place in places) / len(places)


def _means(values: Sequence[float], width: int) -> list[float]:
    """Means of all runs of `width` neighbours; of all values where there are fewer."""
    width = min(width, len(values))
    total = sum(values[:width])
    means = [total / width]
    for leaving, entering in zip(values, values[width:], strict=False):
        total += entering - leaving
        means.append(total / width)
    return means
