"""Sentences that differ from a recognized one in a value: in a word of a number, thing or room.

"Wake me up at one" for "wake me up at seven": the values are compared once more among themselves.
Where `wake me up at ...`, `set an alarm for ... thirty` and others were taken for one with another
number, in eSpeak's voices, that was 7, 23, 31 and 69 better, on the scale of
`servers.asr.sphinx.rivals`, at confidences of -1.9, -1.7, -3.9 and -3.3; where they were recognized
rightly, nothing or 98 and more, apart from teens and tens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

_NEAR = 35.0
"""Difference of the scores up to which another value may have been said, in a voice that the model
knows well."""
_STEEPNESS = 20.0
"""Growth of it for each point of confidence."""
_CONFIDENT = -1.5
"""Confidence from which the model knows a voice well."""
FAR = 75.0
"""Greatest such difference, also between the answers to a question about two values."""

_Arcs = dict[int, list[tuple[int, str]]]


def limit(confidence: float) -> float:
    """Return the difference of the scores up to which another value may have been said."""
    return min(FAR, _NEAR + _STEEPNESS * max(0.0, _CONFIDENT - confidence))


def places(network: str, words: Sequence[str], values: Collection[str]) -> list[frozenset[str]]:
    """Return the words that may stand at each place of a sentence in place of a value there.

    `network` is that of `servers.asr.sphinx.networks.commands`, `values` are all words of values. A
    word and itself with an ending, such as "light" and "lights", are one.
    """
    if not any(word in values for word in words):
        return [frozenset()] * len(words)
    start, end, after, before = _parsed(network)
    reached = [_closure({start}, after)]
    for word in words:
        reached.append(_closure(_steps(reached[-1], after).get(word, ()), after))
    leading = [_closure({end}, before)]
    for word in reversed(words):
        leading.append(_closure(_steps(leading[-1], before).get(word, ()), before))
    leading.reverse()
    found = []
    for at, word in enumerate(words):
        steps = _steps(reached[at], after) if word in values else {}
        fitting = (
            other
            for other, states in steps.items()
            if other in values and not leading[at + 1].isdisjoint(states)
        )
        found.append(frozenset(other for other in fitting if not _is_same(word, other)))
    return found


def places_among(
    sentences: Iterable[Sequence[str]], words: Sequence[str], values: Collection[str]
) -> list[frozenset[str]]:
    """Return the same for one of a few sentences, such as the answers to a question."""
    found: list[set[str]] = [set() for _ in words]
    for other in sentences:
        if len(other) == len(words):
            at, *more = [n for n, word in enumerate(words) if word != other[n]] or [0, 0]
            if not more and words[at] in values and other[at] in values:
                found[at].add(other[at])
    return [frozenset(each) for each in found]


def with_limits(
    words: Sequence[str], others: Iterable[Collection[str]], near: float
) -> list[dict[str, float]]:
    """Return the words at each place of a sentence, the others favored by `near`."""
    return [
        {word: 0.0, **dict.fromkeys(sorted(each), near)}
        for word, each in zip(words, others, strict=True)
    ]


def _parsed(network: str) -> tuple[int, int, _Arcs, _Arcs]:
    """Return the first and last state, and the arcs from and to each state, without decoys."""
    ends: dict[str, int] = {}
    after: _Arcs = {}
    before: _Arcs = {}
    for line in network.splitlines():
        head, *fields = line.split()
        if head != "TRANSITION":
            ends[head] = int(fields[0]) if fields and fields[0].isdecimal() else 0
            continue
        state, to, _probability, *word = fields
        if not word or not word[0].startswith("_"):
            after.setdefault(int(state), []).append((int(to), "".join(word)))
            before.setdefault(int(to), []).append((int(state), "".join(word)))
    return ends["START_STATE"], ends["FINAL_STATE"], after, before


def _steps(states: Iterable[int], arcs: Mapping[int, list[tuple[int, str]]]) -> dict[str, set[int]]:
    """Return the states that each word leads to."""
    found: dict[str, set[int]] = {}
    for state in states:
        for to, word in arcs.get(state, ()):
            if word:
                found.setdefault(word, set()).add(to)
    return found


def _closure(states: Iterable[int], arcs: Mapping[int, list[tuple[int, str]]]) -> frozenset[int]:
    """Return states and those that steps without a word lead to."""
    found = set(states)
    todo = list(found)
    while todo:
        for to, word in arcs.get(todo.pop(), ()):
            if not word and to not in found:
                found.add(to)
                todo.append(to)
    return frozenset(found)


def _is_same(word: str, other: str) -> bool:
    return word.startswith(other) or other.startswith(word)
