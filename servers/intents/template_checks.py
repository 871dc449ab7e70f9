"""Checks of sentence templates, so that loading reports an invalid one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from satellite.errors import EngineFailed
from satellite.languages.pack import Source
from satellite.text.quoted import quoted
from servers.intents.phrases import responses_of

if TYPE_CHECKING:
    from hassil.expression import Expression
    from hassil.intents import Intents

REQUEST_LISTS = frozenset({"name", "area"})
"""Lists whose values come with each request."""


def parse(content: dict[str, Any], language: str, where: str) -> Intents:
    """Parse a file's content, every template of it. Raises `EngineFailed`, naming `where`."""
    from hassil.intents import Intents

    try:
        intents = Intents.from_dict({"intents": {}, **content, "language": language})
        for intent in intents.intents.values():
            for data in intent.data:
                _ = data.sentences  # hassil parses them on first use
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
    for name, intent in intents.intents.items():
        for data in intent.data:
            lists = REQUEST_LISTS | set(intents.slot_lists) | set(data.slot_lists)
            rules = {**intents.expansion_rules, **data.expansion_rules}
            for sentence in data.sentences:
                for problem in _problems(sentence.expression, lists, rules, ()):
                    raise EngineFailed(
                        f"sentences: intent {name}: {quoted(sentence.text)}: {problem}"
                    )


def _problems(
    item: Expression,
    lists: set[str] | frozenset[str],
    rules: dict[str, Any],
    within: tuple[str, ...],
) -> Iterator[str]:
    from hassil.expression import Group, ListReference, RuleReference

    if isinstance(item, Group):
        for inner in item.items:
            yield from _problems(inner, lists, rules, within)
    elif isinstance(item, ListReference):
        if item.list_name not in lists and not item.is_inline_range:
            yield f"list {{{item.list_name}}} does not exist"
    elif isinstance(item, RuleReference):
        name = item.rule_name
        if name in within:
            yield f"rule <{name}> refers to itself"
        elif name not in rules:
            yield f"rule <{name}> does not exist"
        else:
            yield from _problems(rules[name].expression, lists, rules, (*within, name))
