"""Properties of hassil's expressions, which sentence templates consist of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hassil.expression import Expression, Sentence

Rules = Mapping[str, "Sentence"]
"""Expressions by the name of the rule."""

_MAX_SPELLINGS = 64
"""Most spellings of a word with options inside, such as "light[s]"."""


class Unrecognizable(Exception):
    """A part of a template cannot be recognized as words."""


def is_blank(expression: Expression) -> bool:
    """Return whether an expression contains only spaces."""
    from hassil.expression import Group, TextChunk

    if isinstance(expression, TextChunk):
        return not expression.text.strip()
    return isinstance(expression, Group) and all(map(is_blank, expression.items))


def is_option(expression: Expression) -> bool:
    """Return whether an expression is optional."""
    return any(map(is_blank, choices(expression)))


def choices(expression: Expression) -> list[Expression]:
    """Return the alternatives of an expression, or the expression itself."""
    from hassil.expression import Alternative

    return expression.items if isinstance(expression, Alternative) else [expression]


def begins_with_list(expression: Expression, rules: Rules) -> bool:
    """Return whether the first required part is a value of a list, such as a name."""
    from hassil.expression import Alternative, Group, ListReference, RuleReference

    if isinstance(expression, RuleReference):
        rule = rules.get(expression.rule_name)
        return rule is not None and begins_with_list(rule.expression, rules)
    if isinstance(expression, Alternative):
        return any(begins_with_list(item, rules) for item in expression.items)
    if isinstance(expression, Group):
        for item in expression.items:
            if begins_with_list(item, rules):
                return True
            if not (is_blank(item) or is_option(item)):
                return False
    return isinstance(expression, ListReference)


def require_leading_word(
    expression: Expression, rules: Rules
) -> tuple[list[Expression], list[Expression]] | None:
    """Return alternatives that must come first and the items after, so that no name comes first.

    "Lamp off" fits too many sounds: the short words around a name are found in any talk. If a
    template begins with options before a name, the first option becomes required. Returns None if
    the template needs no change. Raises `Unrecognizable` if it begins with a name.
    """
    from hassil.expression import Alternative, Group

    if isinstance(expression, Alternative):
        return None
    items = expression.items if isinstance(expression, Group) else [expression]
    spoken = [item for item in items if not is_blank(item)]
    options = 0
    while options < len(spoken) and is_option(spoken[options]):
        options += 1
    if options == len(spoken) or not begins_with_list(spoken[options], rules):
        return None
    if not options:
        raise Unrecognizable("it begins with a name")
    required = [item for item in choices(spoken[0]) if not is_blank(item)]
    return required, items[items.index(spoken[0]) + 1 :]


def group_adjacent(items: list[Expression]) -> Iterator[list[Expression]]:
    """Group neighbours without a space between them, as in "light[s]"."""
    run: list[Expression] = []
    for item in items:
        if run and not (_in_word(run[-1], -1) and _in_word(item, 0)):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _in_word(expression: Expression, edge: int) -> bool:
    """Return whether an expression may begin (`edge` 0) or end (-1) within a word."""
    from hassil.expression import Alternative, Group, TextChunk

    if isinstance(expression, TextChunk):
        text = expression.original_text
        return bool(text) and (text[edge].isalnum() or text[edge] == "'")
    if isinstance(expression, Alternative):
        return any(_in_word(item, edge) for item in expression.items)
    if isinstance(expression, Group):
        return bool(expression.items) and _in_word(expression.items[edge], edge)
    return True


def spellings(run: list[Expression]) -> list[str]:
    """Return all spellings of a run of text and options. Raises `Unrecognizable` for too many."""
    from hassil.expression import Alternative, Group, TextChunk

    def ways(expression: Expression) -> list[str]:
        if isinstance(expression, TextChunk):
            return [expression.original_text]
        if isinstance(expression, Alternative):
            return [way for item in expression.items for way in ways(item)]
        if isinstance(expression, Group):
            return spellings(expression.items)
        raise Unrecognizable("a list or a rule within a word")

    each = [ways(item) for item in run]
    if math.prod(map(len, each)) > _MAX_SPELLINGS:
        raise Unrecognizable("too many spellings of a word")
    return ["".join(parts) for parts in product(*each)]
