"""How far a text is a sentence: a beginning of one, or whole, with or without a continuation.

hassil matches whole texts only. This follows the same templates character by character and notes
what they want when the text is at its end. It never decides that a text is a sentence: `Sentences`
does, by hassil.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from hassil.expression import Expression, ListReference, Sentence
    from hassil.intents import Intents, RangeSlotList, SlotList, TextSlotList

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_CLOSED, _FREE = False, True
_DEEPEST = 40
"""Expressions within each other: rules that refer to themselves end somewhere."""
_NUMBERS = 121
"""Numbers of a list that are known in words; recognizers of free text write larger ones in
figures."""

_Place = tuple[int, bool]
"""A position in the text, and whether a value of any text ends there, which may go on."""


class Beginning(msgspec.Struct, frozen=True):
    """What the templates make of a text."""

    ends: bool
    """A template ends where the text does."""
    goes_on: bool
    """A template wants, or takes, more where the text ends."""
    free: bool = False
    """A template ends there with a value of any text, which may go on."""


class Beginnings:
    """Follows the templates of one language for texts of one home."""

    def __init__(self, intents: Intents, lists: Mapping[str, SlotList], language: str) -> None:
        self._intents = intents
        self._lists = {**intents.slot_lists, **lists}
        self._language = language
        self._joined = intents.settings.ignore_whitespace
        self._values: dict[str, tuple[list[str], list[Expression]]] = {}
        """Values of each list: texts, and templates."""
        self._text = ""
        self._goes_on = False
        self._known: dict[tuple[int, _Place], frozenset[_Place]] = {}

    def find(self, text: str) -> Beginning:
        """Follow all templates along a text, spelled as they are. Takes milliseconds."""
        from hassil.util import fold_case, normalize_for_matching, remove_skip_words_tracked

        tracked = normalize_for_matching(text)
        texts = [tracked.text]
        remove_skip_words_tracked(tracked, self._intents.skip_words, self._joined)
        texts.append(tracked.text)
        found = [self._follow(fold_case(each).strip()) for each in dict.fromkeys(texts)]
        return Beginning(
            any(each.ends for each in found),
            any(each.goes_on for each in found),
            any(each.free for each in found),
        )

    def _follow(self, text: str) -> Beginning:
        self._text, self._goes_on = text.replace(" ", "") if self._joined else text, False
        text = self._text
        self._known.clear()
        if not text:
            return Beginning(False, False)
        ends = free = False
        for intent in self._intents.intents.values():
            for data in intent.data:
                rules = {**self._intents.expansion_rules, **data.expansion_rules}
                for sentence in data.sentences:
                    places = self._after(sentence.expression, {(0, _CLOSED)}, rules)
                    ends = ends or (len(text), _CLOSED) in places
                    free = free or (len(text), _FREE) in places
        return Beginning(ends, self._goes_on, free)

    def _after(
        self,
        expression: Expression,
        places: Iterable[_Place],
        rules: Mapping[str, Sentence],
        depth: int = 0,
    ) -> frozenset[_Place]:
        """Return where an expression may end that begins at one of the places."""
        from hassil.expression import (
            Alternative,
            ListReference,
            Permutation,
            RuleReference,
            Sequence,
            TextChunk,
        )

        if depth > _DEEPEST:
            return frozenset()
        match expression:
            case TextChunk():
                found = (self._literal(expression.text, place) for place in places)
                return frozenset(place for place in found if place is not None)
            case ListReference():
                ends = (self._list(expression, place, rules, depth) for place in places)
            case RuleReference() if expression.rule_name in rules:
                rule = rules[expression.rule_name]
                ends = (self._rule(rule, place, rules, depth) for place in places)
            case Alternative():
                ends = (self._after(item, places, rules, depth + 1) for item in expression.items)
            case Permutation():
                return self._any_order(expression.items, frozenset(places), rules, depth)
            case Sequence():
                return self._in_order(expression.items, frozenset(places), rules, depth)
            case _:
                return frozenset()
        return frozenset(chain.from_iterable(ends))

    def _in_order(
        self,
        items: list[Expression],
        places: frozenset[_Place],
        rules: Mapping[str, Sentence],
        depth: int,
    ) -> frozenset[_Place]:
        for item in items:
            if not places:
                break
            places = self._after(item, places, rules, depth + 1)
        return places

    def _any_order(
        self,
        items: list[Expression],
        places: frozenset[_Place],
        rules: Mapping[str, Sentence],
        depth: int,
    ) -> frozenset[_Place]:
        if not items:
            return places
        found: frozenset[_Place] = frozenset()
        for number, item in enumerate(items):
            reached = self._after(item, places, rules, depth + 1)
            if reached:
                others = [*items[:number], *items[number + 1 :]]
                found |= self._any_order(others, reached, rules, depth + 1)
        return found

    def _rule(
        self,
        rule: Sentence,
        place: _Place,
        rules: Mapping[str, Sentence],
        depth: int,
    ) -> frozenset[_Place]:
        key = (id(rule), place)
        if key not in self._known:
            self._known[key] = frozenset()  # a rule that refers to itself ends here
            self._known[key] = self._after(rule.expression, {place}, rules, depth + 1)
        return self._known[key]

    def _list(
        self, reference: ListReference, place: _Place, rules: Mapping[str, Sentence], depth: int
    ) -> Iterable[_Place]:
        from hassil.intents import RangeSlotList, TextSlotList, WildcardSlotList

        if (bounds := reference.get_inline_range()) is not None:
            return self._number(RangeSlotList(None, *bounds), place)
        match self._lists.get(reference.list_name):
            case RangeSlotList() as numbers:
                return self._number(numbers, place)
            case TextSlotList() as texts:
                return self._value(texts, reference.list_name, place, rules, depth)
            case WildcardSlotList():
                return self._anything(place)
        return ()

    def _anything(self, place: _Place) -> Iterable[_Place]:
        """Yield the ends of a value of any text: after each word from here on."""
        position, free = place
        if position >= len(self._text):
            self._wants(position, free)
            return
        for end in range(position + 1, len(self._text) + 1):
            if self._joined or end == len(self._text) or self._text[end] == " ":
                yield end, _FREE if end == len(self._text) else _CLOSED

    def _number(self, numbers: RangeSlotList, place: _Place) -> Iterable[_Place]:
        at = self._skip(place)
        if at is None:
            return
        if at >= len(self._text):
            self._wants(at, place[1])
        elif (figures := _NUMBER.match(self._text, at)) is not None:
            if figures.end() == len(self._text):
                self._goes_on = True  # "twenty" may become "twenty-five"
            yield figures.end(), _CLOSED
        elif numbers.words:
            language = numbers.words_language or self._language
            known = _in_words(language, numbers.start, numbers.stop, numbers.step)
            for words in known.get(self._text[at], ()):
                if self._text.startswith(words, at):
                    end = at + len(words)
                    self._goes_on = self._goes_on or end == len(self._text)
                    yield end, _CLOSED
                elif words.startswith((f"{self._text[at:]} ", f"{self._text[at:]}-")):
                    self._goes_on = True

    def _value(
        self,
        values: TextSlotList,
        name: str,
        place: _Place,
        rules: Mapping[str, Sentence],
        depth: int,
    ) -> Iterable[_Place]:
        at = self._skip(place)
        if at is None:
            return
        if at >= len(self._text):
            self._wants(at, place[1])
            return
        texts, templates = self._values_of(values, name)
        rest = self._text[at:]
        for text in texts:
            if rest.startswith(text):
                if self._is_end_of_word(at + len(text)):
                    yield at + len(text), _CLOSED
            elif text.startswith(rest) and (self._joined or text[len(rest)] == " "):
                self._goes_on = True
        for template in templates:
            yield from self._after(template, {(at, _CLOSED)}, rules, depth + 1)

    def _values_of(self, values: TextSlotList, name: str) -> tuple[list[str], list[Expression]]:
        from hassil.expression import TextChunk
        from hassil.util import fold_case

        if name not in self._values:
            texts = [
                fold_case(value.text_in.text).strip().replace(" " if self._joined else "  ", "")
                for value in values.values
                if isinstance(value.text_in, TextChunk)
            ]
            self._values[name] = (
                [text for text in texts if text],
                [v.text_in for v in values.values if not isinstance(v.text_in, TextChunk)],
            )
        return self._values[name]

    def _literal(self, text: str, place: _Place) -> _Place | None:
        """Return where a literal ends that begins at a place; None where it does not fit."""
        from hassil.util import fold_case

        wanted = fold_case(text)
        if self._joined:
            wanted = wanted.replace(" ", "")
        position, free = place
        if not wanted or (wanted.isspace() and position >= len(self._text)):
            return place
        if wanted[0] == " " or self._text[position - 1 : position] in ("", " ", "'"):
            at = self._skip(place, spaced=wanted[0] == " ")
            if at is None:
                return None
            position, wanted = at, wanted.lstrip()
        rest = self._text[position:]
        if not wanted or rest.startswith(wanted):
            return position + len(wanted), free if not wanted else _CLOSED
        if not wanted.startswith(rest):
            return None
        missing = wanted[len(rest) :]
        if not missing.strip():
            return len(self._text), _CLOSED
        if self._joined or not rest or missing[0] == " ":
            self._wants(len(self._text), free and not rest)
        return None

    def _skip(self, place: _Place, spaced: bool = False) -> int | None:
        """Return the position after blanks; None if a blank is wanted and there is none."""
        position = place[0]
        while position < len(self._text) and self._text[position] == " ":
            position += 1
        moved = position > place[0] or position == 0 or position >= len(self._text)
        if spaced and not moved and not self._joined and self._text[position - 1] not in " '":
            return None
        return position

    def _wants(self, position: int, free: bool) -> None:
        """Note that something is wanted at the end of the text, unless that may be in the midst of
        a value of any text: "remind me to call" wants no time yet."""
        if position >= len(self._text) and not free:
            self._goes_on = True

    def _is_end_of_word(self, position: int) -> bool:
        return self._joined or position >= len(self._text) or not self._text[position].isalnum()


@lru_cache(32)
def _in_words(language: str, start: int, stop: int, step: int) -> dict[str, list[str]]:
    """Return the first numbers of a range in words, as hassil knows them, by first letter."""
    from hassil.numbers import get_rbnf_engine
    from hassil.util import fold_case

    engine = get_rbnf_engine(language)
    found: dict[str, dict[str, None]] = {}
    for number in islice(range(start, stop + 1, step), _NUMBERS):
        for text in engine.format_number(number).text_by_ruleset.values():
            for form in (fold_case(text), fold_case(text).replace("-", " ")):
                found.setdefault(form[:1], {})[form] = None
    return {letter: list(forms) for letter, forms in found.items()}
