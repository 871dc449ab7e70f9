"""Checks of sentence templates, so that loading reports an invalid one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

from satellite.errors import EngineFailed
from satellite.languages.pack import Source
from satellite.text.quoted import quoted
from servers.intents.phrases import responses_of
from servers.intents.template_parser import intents_of

if TYPE_CHECKING:
    from hassil.expression import Expression
    from hassil.intents import Intents

REQUEST_LISTS = frozenset({"name", "area"})
"""Lists whose values come with each request."""


def parse(content: dict[str, Any], language: str, where: str) -> Intents:
    """Parse a file's content, every template of it. Raises `EngineFailed`, naming `where`."""
    try:
        intents = intents_of({"intents": {}, **content, "language": language})
    except Exception as error:  # hassil raises exceptions of many kinds for malformed files
        problem = " ".join(str(error).split())
        raise EngineFailed(f"sentences {where}: {type(error).__name__}: {problem}") from error
    return intents


def check_sources(sources: list[Source], language: str) -> None:
    """Parse each file alone, so that an error names it. Raises `EngineFailed`."""
    for source in sources:
        parse(source.content, language, source.name)
        responses_of(source.content, source.name)


def check_references(intents: Intents) -> None:
    """Check that the lists and rules of all sentences exist. Raises `EngineFailed`."""
    common = _Scope(REQUEST_LISTS | set(intents.slot_lists), intents.expansion_rules)
    for name, intent in intents.intents.items():
        for data in intent.data:
            own = data.slot_lists or data.expansion_rules
            scope = common if not own else common.extended(data.slot_lists, data.expansion_rules)
            for sentence in data.sentences:
                for problem in scope.problems(sentence.expression):
                    raise EngineFailed(
                        f"sentences: intent {name}: {quoted(sentence.text)}: {problem}"
                    )


class _Scope:
    """The lists and rules to which some sentences may refer."""

    def __init__(self, lists: Set[str], rules: Mapping[str, Any]) -> None:
        self._lists, self._rules = lists, rules
        self._sound: set[str] = set()
        """Rules without a problem, as each is part of a hundred sentences."""

    def extended(self, lists: Iterable[str], rules: Mapping[str, Any]) -> _Scope:
        return _Scope(self._lists | set(lists), {**self._rules, **rules})

    def problems(self, item: Expression, within: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield the problems of an expression that is part of the rules `within`."""
        from hassil.expression import Group, ListReference, RuleReference

        if isinstance(item, Group):
            for inner in item.items:
                yield from self.problems(inner, within)
        elif isinstance(item, ListReference):
            if item.list_name not in self._lists and not item.is_inline_range:
                yield f"list {{{item.list_name}}} does not exist"
        elif isinstance(item, RuleReference):
            name = item.rule_name
            if name in within:
                yield f"rule <{name}> refers to itself"
            elif name not in self._rules:
                yield f"rule <{name}> does not exist"
            elif name not in self._sound:
                yield from self.problems(self._rules[name].expression, (*within, name))
                self._sound.add(name)  # the first problem ends the check
