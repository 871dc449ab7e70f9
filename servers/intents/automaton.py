"""The smallest automaton of words that accepts the same sentences as a grammar.

PocketSphinx copies a JSGF rule into every place that refers to it and computes the closure of the
jumps between the copies: 95,000 of them for the English sentences, which costs memory and time in
every frame of audio. Merging equal states first leaves a few hundred states and no jump.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

_TOKEN = re.compile(r"<\w+>|[()\[\]|]|[^\s()\[\]|<>;=]+")
_RULE = re.compile(r"^(?:public )?<(\w+)> = (.+);$", re.MULTILINE)


class Automaton(msgspec.Struct, frozen=True):
    """A deterministic automaton. States are numbers; 0 is the first."""

    arcs: tuple[dict[str, int], ...]
    """The next state by word, for each state."""
    final: frozenset[int]
    """States in which a sentence may end."""

    def accepts(self, words: Iterable[str]) -> bool:
        """Return whether the words are a sentence of the grammar."""
        state: int | None = 0
        for word in words:
            if state is None or (state := self.arcs[state].get(word)) is None:
                return False
        return state in self.final


def without_wrong_articles(words: Automaton, vowels: Callable[[str], set[bool]]) -> Automaton:
    """Return the automaton without "a" before a vowel and "an" before a consonant.

    Templates are written with "[a|an]" or "[a]" before any word. `vowels` returns for a word
    whether its pronunciations begin with a vowel. A sentence that needs a wrong article is lost.
    """
    wanted = {"a": False, "an": True}
    numbers: dict[tuple[int, str], int] = {(0, ""): 0}
    rows: list[dict[str, int]] = []
    final: set[int] = set()
    for state, article in (pending := [(0, "")]):  # grows while it is walked
        if state in words.final:
            final.add(len(rows))
        row = {}
        for word, to in words.arcs[state].items():
            if article and wanted[article] not in vowels(word):
                continue
            following = (to, word if word in wanted else "")
            if following not in numbers:
                numbers[following] = len(pending)
                pending.append(following)
            row[word] = numbers[following]
        rows.append(row)
    return _minimal(rows, final)


def build(jsgf: str) -> Automaton:
    """Build the automaton of a grammar's public rule, which is its last.

    `jsgf` is written by `servers.intents.grammar`: rules before or after their use, sequences,
    alternatives and options; no weights, tags, repetition or recursion.
    """
    rules = dict(_RULE.findall(jsgf))
    network = _Network(rules)
    start = network.state()
    end = network.expand(list(rules)[-1], start)
    return _minimal(*network.determinized(start, end))


class _Network:
    """An automaton with jumps (steps without a word), built from the parts of a grammar."""

    def __init__(self, rules: dict[str, str]) -> None:
        self._tokens = {name: _TOKEN.findall(body) for name, body in rules.items()}
        self._words: list[list[tuple[str, int]]] = []
        self._jumps: list[list[int]] = []

    def state(self) -> int:
        self._words.append([])
        self._jumps.append([])
        return len(self._words) - 1

    def expand(self, name: str, start: int) -> int:
        """Add a copy of a rule that begins at state `start`; return its last state."""
        return self._alternatives(iter(self._tokens[name]), start)

    def _alternatives(self, tokens: Iterator[str], start: int, closing: str = "") -> int:
        """Add alternatives up to the token `closing`; return their last state."""
        end = self.state()
        at = start
        for token in tokens:
            if token in ("|", closing):
                self._jumps[at].append(end)
                if token == closing:
                    return end
                at = start
            elif token == "(":
                at = self._alternatives(tokens, self._after(at), ")")
            elif token == "[":
                beginning = self._after(at)
                at = self._alternatives(tokens, beginning, "]")
                self._jumps[beginning].append(at)
            elif token.startswith("<"):
                at = self.expand(token[1:-1], self._after(at))
            else:
                following = self.state()
                self._words[at].append((token, following))
                at = following
        self._jumps[at].append(end)
        return end

    def _after(self, state: int) -> int:
        following = self.state()
        self._jumps[state].append(following)
        return following

    def determinized(self, start: int, end: int) -> tuple[list[dict[str, int]], set[int]]:
        """Return arcs with one next state per word and no jumps, and the final states.

        This is the subset construction.
        """
        closed = self._closures()
        first = frozenset(closed[start])
        numbers = {first: 0}
        arcs: list[dict[str, int]] = []
        pending = [first]
        for states in pending:  # grows while it is walked
            reached: dict[str, set[int]] = {}
            for state in states:
                for word, following in self._words[state]:
                    reached.setdefault(word, set()).update(closed[following])
            row = {}
            for word, targets in reached.items():
                target = frozenset(targets)
                if target not in numbers:
                    numbers[target] = len(numbers)
                    pending.append(target)
                row[word] = numbers[target]
            arcs.append(row)
        return arcs, {number for states, number in numbers.items() if end in states}

    def _closures(self) -> list[tuple[int, ...]]:
        """Return, for each state, the states after jumps that words or the end may follow."""
        closures: list[tuple[int, ...]] = []
        for state in range(len(self._words)):
            seen = {state}
            todo = [state]
            while todo:
                for target in self._jumps[todo.pop()]:
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            closures.append(tuple(s for s in seen if self._words[s] or not self._jumps[s]))
        return closures


def _minimal(arcs: Sequence[dict[str, int]], final: set[int]) -> Automaton:
    """Merge states that the same sentences follow.

    There are no endless sentences, so states can be compared from the last to the first.
    """
    merged: dict[int, int] = {}
    known: dict[tuple[bool, frozenset[tuple[str, int]]], int] = {}
    for state in _ends_first(arcs):
        key = (state in final, frozenset((word, merged[to]) for word, to in arcs[state].items()))
        merged[state] = known.setdefault(key, len(known))
    last = len(known) - 1  # the first state is reached last
    rows = tuple({word: last - to for word, to in key[1]} for key in reversed(known))
    return Automaton(rows, frozenset(last - number for key, number in known.items() if key[0]))


def _ends_first(arcs: Sequence[dict[str, int]]) -> Iterator[int]:
    """Yield every state after all states that it leads to."""
    done: set[int] = set()
    stack = [(0, iter(arcs[0].values()))]
    while stack:
        state, targets = stack[-1]
        for target in targets:
            if target not in done:
                stack.append((target, iter(arcs[target].values())))
                break
        else:
            stack.pop()
            if state not in done:
                done.add(state)
                yield state
