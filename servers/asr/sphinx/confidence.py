"""Confidence in a recognized command: a comparison with free phonemes.

The grammar's decoder always finds the sentence that fits best, however badly. A second decoder may
explain the same sound with any phonemes in any order, so it is about as good as the model can be.
Its advantage is the loss of the words. The confidence adds two losses and an allowance:

- the loss of the worst third of a second, because "turn on the washing machine" is wrong in one
  word only, and there for longer than the small losses of every word of a foreign voice;
- the mean loss of all words, because nearly every word of a command that was not spoken fits a
  little badly, even if none fits very badly;
- half of the misfit of the phonemes themselves, because the words of a voice that the model knows
  badly lose more. A voice that the model knows well gets no allowance for other speech.

The numbers are logarithms of likelihood ratios in thousandths, per frame of 10 ms, on the scale
that PocketSphinx reports. `python -m tests.bench.rejection` measures the rule and lists the texts
and voices that it was chosen on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from servers.asr.sphinx import decoys, wake_remainder

THRESHOLD = -4.7
"""Lowest confidence of an accepted command. In the sample of `--quick` (100 commands and 296 other
utterances of eSpeak, Flite and people), -4.6 recognizes 89 % of the commands correctly and accepts
5.4 % of the other utterances; -4.8 recognizes 92 % and accepts 7.1 %. Many of those are close to a
command: "close the bedroom window" for "close the bedroom radio"."""

_WINDOW = 30
"""Frames that the worst loss is averaged over: 0.3 s, about a syllable and a half."""

_ALLOWANCE = 0.5
"""Factor of the phonemes' score. Where 2 % of other speech is accepted, 97 % of commands are
accepted on the texts and voices that the rule was chosen on and 83 % on others; without the
allowance 94 % and 80 %."""
_FIT = -5.5
"""Phoneme score, within words, of the median voice there. It gets no allowance."""

_SHORTEST = 25
"""Fewest frames of words in a command: 0.25 s. "Stop" takes 0.35 s; a knock or a click is shorter
and is recognized as "bye"."""

_LEAD = 30
"""Frames at the beginning that need not fit if they hold no word: an utterance begins 0.3 s before
its wake word was detected."""

_SCALE = 1000.0


class Segment(msgspec.Struct, frozen=True):
    """A word, phoneme or silence found by a decoder."""

    word: str
    start: int
    """First frame."""
    end: int
    """Frame after the last one."""
    score: float
    """Natural logarithm of the likelihood, as PocketSphinx scales it."""

    @property
    def is_word(self) -> bool:
        """Whether it is a word of a command, not `<sil>`, `[NOISE]` or one that precedes it."""
        return not self.word.startswith(("<", "[", "_"))

    @property
    def is_wake_remainder(self) -> bool:
        """Whether it is the remainder of a wake word."""
        return self.word == wake_remainder.WORD

    @property
    def is_decoy(self) -> bool:
        """Whether it is a word before or after the command that makes it another one."""
        return decoys.is_word(self.word)


def confidence(words: Sequence[Segment], phonemes: Sequence[Segment]) -> float:
    """Return the confidence in `words`, compared with the free `phonemes` of the same sound.

    0 means that the words explain the sound as well as the phonemes, which fit as usual; lower is
    worse. Minus infinity means that words explain hardly any of the sound.
    """
    if sum(s.end - s.start for s in words if s.is_word) < _SHORTEST:
        return -math.inf
    frames = max(s.end for s in (*words, *phonemes))
    free = _frame_scores(phonemes, frames)
    losses = [b - a for a, b in zip(_frame_scores(words, frames), free, strict=True)]
    spoken = [f for s in words if s.is_word or s.is_wake_remainder for f in range(s.start, s.end)]
    # a wake word cut within a phoneme fits badly there, whatever follows it
    first = min(s.start for s in words if s.is_word)
    begun = max((s.end for s in words if s.is_wake_remainder), default=min(first, _LEAD))
    # words that fit better than phonemes do not make up for a word that does not fit
    loss = max(_running_means(losses[begun:], _WINDOW)) + max(0.0, _mean(losses, spoken))
    return _ALLOWANCE * (_FIT - _mean(free, spoken)) - loss


def _frame_scores(segments: Sequence[Segment], frames: int) -> list[float]:
    """Return the score of every frame, spreading a segment's score evenly."""
    scores = [0.0] * frames
    for segment in segments:
        share = _SCALE * segment.score / (segment.end - segment.start)
        scores[segment.start : segment.end] = [share] * (segment.end - segment.start)
    return scores


def _mean(values: Sequence[float], places: Sequence[int]) -> float:
    return sum(values[place] for place in places) / len(places)


def _running_means(values: Sequence[float], width: int) -> list[float]:
    """Return the means of all runs of `width` neighbours, or of all values if there are fewer."""
    width = min(width, len(values))
    total = sum(values[:width])
    means = [total / width]
    for leaving, entering in zip(values, values[width:], strict=False):
        total += entering - leaving
        means.append(total / width)
    return means
