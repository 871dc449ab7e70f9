"""Networks of words for PocketSphinx, as texts: finite state grammars (FSG).

A network is a list of transitions between states, each with a probability and perhaps a word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise

from servers.asr.sphinx import decoys, wake_remainder
from servers.asr.sphinx.lexicon import PHONEMES
from servers.intents.automaton import Automaton

_UNLIKELY = 1e-5
"""Probability of a word that is no phrase, relative to a phrase. With 1,
`python -m tests.bench.stop_words` loses every eighth phrase to similar words; with this value it
loses none and mistakes no more words for phrases."""

_SHIFT = 1024
"""Factor by which PocketSphinx scales logarithms of likelihood down."""
_LANGUAGE_WEIGHT = 6.5
"""Factor of the logarithms of a grammar's probabilities: PocketSphinx's default `lw`."""


def commands(
    words: Automaton,
    before: str,
    reversals: Sequence[Sequence[str]] = (),
    endings: Automaton | None = None,
) -> str:
    """Return the network of a grammar's sentences.

    The word `before`, a reversal or both in this order may precede a sentence, an ending may follow
    it. The words of reversals and endings are those of decoys.

    The first state exists twice: in a state that may follow a word, the first phonemes of the
    sentences would not be treated as following a silence.
    """
    end = len(words.arcs)
    start = end + 1
    more = count(end + 2)
    lines = [f"TRANSITION {start} 0 {wake_remainder.PROBABILITY} {before}"]
    lines += (_arc(start, to, word) for word, to in sorted(words.arcs[0].items()))
    lines += _reversals(reversals, (0, start), more)
    lines += _sentences(words, end)
    if endings is not None:
        ending = next(more)
        lines += (_arc(state, ending, "", decoys.AFTER) for state in sorted(words.final))
        lines += _endings(endings, ending, end, more)
    return _text(lines, next(more), start, end)


def of_phrases(words: Automaton, others: Sequence[str] = ()) -> str:
    """Return the network of phrases, or one of the words `others`."""
    end = len(words.arcs)
    lines = [*_sentences(words, end), *(_arc(0, end, word, _UNLIKELY) for word in others)]
    return _text(lines, end + 2, 0, end)


def _sentences(words: Automaton, end: int) -> Iterator[str]:
    for state, row in enumerate(words.arcs):
        for word, following in sorted(row.items()):
            yield _arc(state, following, word)
        if state in words.final:
            yield _arc(state, end)


def _reversals(
    reversals: Sequence[Sequence[str]], starts: Iterable[int], more: Iterator[int]
) -> Iterator[str]:
    for first, *rest in reversals:
        path = [*(next(more) for _ in rest), 0]
        for state in starts:
            yield _arc(state, path[0], decoys.word(first), decoys.BEFORE)
        for (state, to), word in zip(pairwise(path), rest, strict=True):
            yield _arc(state, to, decoys.word(word))


def _endings(endings: Automaton, first: int, end: int, more: Iterator[int]) -> Iterator[str]:
    states = [first, *(next(more) for _ in endings.arcs[1:])]
    for state, row in zip(states, endings.arcs, strict=True):
        for word, following in sorted(row.items()):
            yield _arc(state, states[following], decoys.word(word))
    for number in sorted(endings.final):
        yield _arc(states[number], end)


def answers(phrases: Sequence[Sequence[str]]) -> str:
    """Return the network of some phrases, one of which is the whole utterance."""
    more = count(2)
    lines: list[str] = []
    for phrase in phrases:
        path = [0, *(next(more) for _ in phrase[1:]), 1]
        lines += (_arc(a, b, word) for (a, b), word in zip(pairwise(path), phrase, strict=True))
    return _text(lines, next(more), 0, 1)


def sentence(places: Sequence[Mapping[str, float]]) -> str:
    """Return the network of one sentence, which the remainder of a wake word may precede.

    `places` has the possible words at each place, and by how much each is favored over the others,
    on the scale of `servers.asr.sphinx.confidence`.
    """
    lines = [_arc(0, 1, wake_remainder.WORD, wake_remainder.PROBABILITY), _arc(0, 1)]
    for at, words in enumerate(places, 1):
        most = max(words.values())
        for word, favor in words.items():
            probability = math.exp((favor - most) / 1000 * _SHIFT / _LANGUAGE_WEIGHT)
            lines.append(_arc(at, at + 1, word, probability))
    end = len(places) + 1
    return _text(lines, end + 1, 0, end)


def phoneme_loop() -> str:
    """Return the network of any phonemes in any order, of the dictionary's last words."""
    lines = [_arc(0, 0, phoneme_word(phoneme)) for phoneme in PHONEMES]
    return _text([*lines, _arc(0, 1)], 2, 0, 1)


def phoneme_word(phoneme: str) -> str:
    """Return the recognizer's word for a phoneme. Grammars have no word with an underscore."""
    return f"_{phoneme}"


def _arc(state: int, to: int, word: str = "", probability: float = 1.0) -> str:
    return f"TRANSITION {state} {to} {probability} {word}".rstrip()


def _text(lines: Iterable[str], states: int, start: int, end: int) -> str:
    head = f"FSG_BEGIN words\nNUM_STATES {states}\nSTART_STATE {start}\nFINAL_STATE {end}\n"
    return head + "".join(f"{line}\n" for line in lines) + "FSG_END\n"
