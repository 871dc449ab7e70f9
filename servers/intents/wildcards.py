"""Values of any text within sentences: which words they may have, and how they were written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.errors import EngineFailed
from satellite.text.quoted import quoted
from servers.intents.spelling import Spelling

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.recognize import RecognizeResult

_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"\w+")
_MOST_PARTS = 50
"""Parts of a text that are compared with a value, which bounds the time: each is spelled."""

_FINAL = ".!?,;: "
"""Characters that hassil takes from the end of a text."""

_NAME, _NAMES = "name", "any_timer"
"""The slot of a timer's name, and the list whose words it never has."""

_OTHER_LISTS = {"search_query": "any_media", "item": "any_item"}
"""The same of what is played, and added to a list: "put on the alarm" is no music."""


class Never(msgspec.Struct, frozen=True):
    """What the values of a wildcard list do not have."""

    words: frozenset[str]
    digits: bool = True
    """Whether they have no digits either: those belong to another part of the sentence."""


_OWN_WORDS = frozenset({_NAME, "text", "message"})
"""Slots of words that are passed on, or have a list of words that they never have."""


class Wildcards:
    """The values of a language's wildcard lists."""

    def __init__(
        self,
        never: Mapping[str, Never],
        reversals: tuple[str, ...],
        spelling: Spelling,
        spell: Callable[[str], str],
        *,
        joined: bool,
    ) -> None:
        """`never` are words that no value has, by list; `reversals` make a sentence another one.

        `spell` writes a text as templates have it. In a `joined` language, there are no blanks.
        """
        self._never = never
        self._reversals = reversals
        self._spelling = spelling
        self._spell = spell
        self._joined = joined

    def swallow(self, result: RecognizeResult, rules: Mapping[str, Sentence]) -> bool:
        """Return whether a wildcard took words that belong to another part of the sentence."""
        values = [entity for entity in result.entities_list if entity.is_wildcard]
        if not values:
            return False
        lists = _lists_of(result, rules)
        return any(
            self._has_never(lists.get(each.name, ""), each.text)
            or (each.name not in _OWN_WORDS and self._reverses(each.text))
            for each in values
        )

    def accept(self, slot: str, value: str) -> bool:
        """Return whether a value fits a slot of a sentence that is not this language's own."""
        if slot == _NAME and self._has_never(_NAMES, value):
            return False
        never = self._never.get(_OTHER_LISTS.get(slot, ""))
        if never is not None and not never.words.isdisjoint(value.casefold().split()):
            return False
        return not self._reverses(value)

    def as_written(self, text: str, value: str) -> str:
        """Return the part of `text` that is spelled `value`; without such a part, `value`.

        A message is passed on as it was written: "at 6:30 PM", not "at 6 30 p m".
        """
        wanted = _LETTERS.findall(value.casefold())
        if self._joined:
            return self._characters_as_written(text, value, wanted)
        words = list(_WORD.finditer(text))
        for number, first in enumerate(words):
            letter = text[first.start()].casefold()
            if not wanted or not (letter.isdecimal() or wanted[0].startswith(letter)):
                continue
            for last in reversed(words[number:]):
                part = text[first.start() : last.end()]
                if _LETTERS.findall(self._spell(part).casefold()) == wanted:
                    return part.rstrip(_FINAL)
        return value

    def _characters_as_written(self, text: str, value: str, wanted: list[str]) -> str:
        """Look at every part from the value's first character, in whichever script, to its last."""
        for part in islice(self._parts(text, value), _MOST_PARTS):
            for spelled in (self._spelling.characters(part), self._spell(part)):
                if _LETTERS.findall(spelled.casefold()) == wanted:
                    return part.rstrip(_FINAL)
        return value

    def _parts(self, text: str, value: str) -> Iterator[str]:
        same = self._spelling.characters(text.casefold())
        first, last = value[:1].casefold(), value[-1:].casefold()
        # a number in figures may have been written in words, of whatever length
        ends = [
            place + 1 for place, letter in enumerate(same) if letter == last or last.isdecimal()
        ]
        shortest = sum(not letter.isdecimal() for letter in value) or 1
        for start, letter in enumerate(same):
            if letter == first or first.isdecimal():
                for end in reversed(ends):
                    if end - start >= shortest:
                        yield text[start:end]

    def _reverses(self, value: str) -> bool:
        """Return whether a value has words that make its sentence another one."""
        if self._joined:
            return any(words in value for words in self._reversals)
        return any(f" {words} " in f" {value.casefold()} " for words in self._reversals)

    def _has_never(self, name: str, value: str) -> bool:
        never = self._never.get(name)
        if never is None:
            return False
        words = value.lower().split()
        if not never.words.isdisjoint(words) or (never.digits and any(map(_has_digit, words))):
            return True
        return self._joined and any(word in value for word in never.words)


def _lists_of(result: RecognizeResult, rules: Mapping[str, Sentence]) -> dict[str, str]:
    """Return the name of the list of each slot in the sentence of a result."""
    from hassil.expression import Group

    if result.intent_sentence is None:
        return {}
    expression = result.intent_sentence.expression
    assert isinstance(expression, Group)
    return {
        reference.slot_name: reference.list_name
        for reference in expression.list_references(dict(rules))
    }


def _has_digit(word: str) -> bool:
    return any(map(str.isdecimal, word))


def never_of(content: Mapping[str, Any]) -> dict[str, Never]:
    """Return what no value of a list holds, by list. Raises `EngineFailed`."""
    found = {}
    for name, values in (content.get("lists") or {}).items():
        if isinstance(values, Mapping) and (words := values.get("never")) is not None:
            if not isinstance(words, str):
                raise EngineFailed(
                    f"sentences: lists: {name}: never: expected words, found {quoted(words, 40)}"
                )
            digits = values.get("digits") is not True
            found[name] = Never(frozenset(words.lower().split()), digits)
    return found
