"""Words that a text must have to fit a template, by which hassil skips most templates.

hassil computes them for each template when a text is first matched, and for its groups and rules
again in each: a fifth of the time that German takes to load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hassil.expression import Expression, Sentence, TextChunk
    from hassil.intents import Intents

_DEEPEST = 40
"""Groups and rules in each other; a deeper one requires nothing, nor does a rule in itself."""

_NONE: frozenset[frozenset[str]] = frozenset()


class RequiredWords:
    """Clauses of templates with the same rules. Equal ones are one object.

    A text must have a word of each clause.
    """

    def __init__(self, rules: Mapping[str, Sentence]) -> None:
        from hassil import expression

        self._kinds = expression
        self._rules = rules
        self._of: dict[int, frozenset[frozenset[str]]] = {}
        """By the identity of a group, which its template holds."""
        self._words: dict[str, frozenset[frozenset[str]]] = {}
        self._clauses: dict[frozenset[str], frozenset[str]] = {}

    def set(self, intents: Intents) -> None:
        """Set the clauses of all sentences, for hassil to find."""
        for intent in intents.intents.values():
            for data in intent.data:
                if data.expansion_rules:
                    continue  # rules of their own: hassil computes these when it needs them
                for sentence in data.sentences:
                    sentence.required_clauses = self._find(sentence.expression, 0)

    def _find(self, item: Expression, depth: int) -> frozenset[frozenset[str]]:
        kinds = self._kinds
        if isinstance(item, kinds.TextChunk):
            return self._of_text(item)
        if isinstance(item, kinds.RuleReference):
            rule = self._rules.get(item.rule_name)
            if rule is None or depth > _DEEPEST:
                return _NONE
            item = rule.expression
        if not isinstance(item, kinds.Group) or depth > _DEEPEST:
            return _NONE
        if (found := self._of.get(id(item))) is None:
            parts = (self._find(inner, depth + 1) for inner in item.items)
            if not isinstance(item, kinds.Alternative):
                found = _NONE.union(*parts)
            elif item.is_optional or not item.items:
                found = _NONE
            else:
                found = self._any_of([*parts])
            self._of[id(item)] = found
        return found

    def _of_text(self, item: TextChunk) -> frozenset[frozenset[str]]:
        if (found := self._words.get(item.text)) is None:
            bare = self._kinds.Sentence(expression=item)
            clauses = bare.get_required_clauses({})
            found = frozenset(self._shared(clause) for clause in clauses)
            self._words[item.text] = found
        return found

    def _any_of(self, parts: list[frozenset[frozenset[str]]]) -> frozenset[frozenset[str]]:
        """Return the clause of a choice: a word of the shortest clause of each of its parts."""
        if not all(parts):
            return _NONE
        words = frozenset[str]().union(*(min(part, key=len) for part in parts))
        return frozenset((self._shared(words),))

    def _shared(self, clause: frozenset[str]) -> frozenset[str]:
        return self._clauses.setdefault(clause, clause)
