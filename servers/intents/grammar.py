"""A speech recognition grammar made of sentence templates: hassil's expressions as JSGF rules.

JSGF is the Java Speech Grammar Format (https://www.w3.org/TR/jsgf/), which PocketSphinx reads.
Alternatives, options and rules are translated one to one; no sentence is written out. Parts that
cannot be recognized as words are left out and reported: wildcards, ranges without words, and words
without a pronunciation.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING

import msgspec

from satellite.text.quoted import quoted
from servers.intents.expressions import (
    Unrecognizable,
    group_adjacent,
    require_leading_word,
    spellings,
)
from servers.intents.jsgf import alternatives, number_words, share_prefixes
from servers.intents.sentences import Sentences, normalize

if TYPE_CHECKING:
    from hassil.expression import Expression, ListReference
    from hassil.intents import RangeSlotList, SlotList, TextSlotList, TextSlotValue

_LOGGER = logging.getLogger(__name__)

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*'?")
_SHORTEST_SKIP_WORD = 4
"""Letters of the shortest recognized skip word; "um" and "uh" would be recognized in any noise."""
_MAX_PERMUTED = 4
"""Most parts in any order; more would have too many orders (5! = 120)."""


class Grammar(msgspec.Struct, frozen=True):
    """A JSGF grammar with its words."""

    jsgf: str
    words: frozenset[str]
    """Every word of the grammar, in lower case."""
    left_out: tuple[str, ...]
    """Templates and list values that cannot be recognized, as written."""
    values: frozenset[str] = frozenset()
    """The words of numbers, names and areas."""


def make(
    sentences: Sentences,
    names: tuple[str, ...],
    areas: tuple[str, ...],
    *,
    known: Callable[[str], bool] = lambda word: True,
    polite: bool = False,
) -> Grammar:
    """Build the grammar of a language's sentences for a home's names and areas.

    Leaves out parts with a word that is not `known`. With `polite`, a sentence may begin and end
    with a skip word of the language ("please"). Raises `ValueError` if nothing is left.
    """
    return _Builder(sentences, sentences.lists(names, areas), known).make(polite)


def make_endings(
    sentences: Sentences,
    names: tuple[str, ...],
    areas: tuple[str, ...],
    *,
    known: Callable[[str], bool] = lambda word: True,
) -> Grammar:
    """Build the grammar of a language's `endings`, without words if there is none."""
    builder = _Builder(sentences, sentences.lists(names, areas), known)
    return builder.make_of(sentences.endings)


def split_words(text: str) -> list[str]:
    """Return the words of a text as spelled in grammars and pronunciation dictionaries."""
    return _WORD.findall(normalize(text).lower())


def _in_words(names: TextSlotList) -> list[TextSlotValue]:
    """Return the forms of names without those in digits, of names that have others."""
    written = {id(value): str(value.text_in) for value in names.values}
    worded = {
        value.value_out for value in names.values if not any(map(str.isdecimal, written[id(value)]))
    }
    return [
        value
        for value in names.values
        if value.value_out not in worded or not any(map(str.isdecimal, written[id(value)]))
    ]


class _Builder:
    """Translates expressions into JSGF, with a rule for every used hassil rule and list."""

    def __init__(
        self,
        sentences: Sentences,
        lists: Mapping[str, SlotList],
        known: Callable[[str], bool],
    ) -> None:
        self._sentences = sentences
        self._lists = lists
        self._known = known
        self._rules: dict[str, str | None] = {}
        """JSGF by rule; None for a rule that cannot be recognized."""
        self._words: set[str] = set()
        self._value_words: set[str] = set()
        self._naming = False
        """Whether the current part is a name: only names may contain digits, because everything
        else has its numbers as words, too."""
        self._left_out: list[str] = []

    def make(self, polite: bool) -> Grammar:
        bodies = dict.fromkeys(self._recognizable(self._templates()))
        if not bodies:
            raise ValueError("none of the sentences can be recognized as words")
        skipped = list(self._recognizable(self._skip_words())) if polite else []
        rules = [f"<{name}> = {body};" for name, body in self._rules.items() if body is not None]
        rules.append(f"<sentence> = {alternatives(bodies)};")
        if skipped:
            rules.append(f"<polite> = {alternatives(skipped)};")
        whole = "[<polite>] <sentence> [<polite>]" if skipped else "<sentence>"
        jsgf = "\n".join(
            ["#JSGF V1.0 UTF-8;", "grammar commands;", *rules, f"public <command> = {whole};", ""]
        )
        left_out = tuple(dict.fromkeys(self._left_out))
        return Grammar(jsgf, frozenset(self._words), left_out, frozenset(self._value_words))

    def make_of(self, templates: Sequence[str]) -> Grammar:
        """Build the grammar of other templates."""
        from hassil.parse_expression import parse_sentence

        parsed = {text: parse_sentence(text).expression for text in templates}
        parts = [(text, lambda e=each: self._expression(e)) for text, each in parsed.items()]
        bodies = list(self._recognizable(iter(parts)))
        rules = [f"<{name}> = {body};" for name, body in self._rules.items() if body is not None]
        jsgf = "\n".join([*rules, f"public <ending> = {alternatives(bodies)};", ""])
        return Grammar(jsgf, frozenset(self._words if bodies else ()), tuple(self._left_out))

    def _templates(self) -> Iterator[tuple[str, Callable[[], str]]]:
        for _intent, template in self._sentences.templates(spoken=True):
            expression = template.expression
            yield str(template.text), lambda e=expression: self._template(e)  # type: ignore[misc]

    def _template(self, expression: Expression) -> str:
        """Translate a whole sentence, which must not begin with a name."""
        parts = require_leading_word(expression, self._sentences.intents.expansion_rules)
        if parts is None:
            return self._expression(expression)
        required, rest = parts
        return f"{self._alternative(required)} {self._sequence(rest)}"

    def _skip_words(self) -> Iterator[tuple[str, Callable[[], str]]]:
        for text in self._sentences.intents.skip_words:
            if len(text) >= _SHORTEST_SKIP_WORD:
                yield text, lambda t=text: self._text(t)  # type: ignore[misc]

    def _recognizable(self, parts: Iterator[tuple[str, Callable[[], str]]]) -> Iterator[str]:
        """Yield the JSGF of every recognizable, non-empty part; record the others."""
        for written, make in parts:
            try:
                if body := make():
                    yield body
            except Unrecognizable as reason:
                self._left_out.append(written)
                _LOGGER.debug("Not recognizable: %s (%s)", quoted(written), reason)

    def _expression(self, expression: Expression) -> str:
        from hassil.expression import (
            Alternative,
            ListReference,
            Permutation,
            RuleReference,
            TextChunk,
        )
        from hassil.expression import Sequence as Parts

        match expression:
            case TextChunk():
                return self._text(expression.original_text)
            case ListReference():
                return self._list(expression)
            case RuleReference():
                return self._rule(expression.rule_name)
            case Alternative():
                return self._alternative(expression.items)
            case Permutation():
                if len(expression.items) > _MAX_PERMUTED:
                    raise Unrecognizable("too many parts in any order")
                return self._alternative(
                    [Parts(items=list(order)) for order in permutations(expression.items)]
                )
            case Parts():
                return self._sequence(expression.items)
        raise Unrecognizable(f"unknown expression {type(expression).__name__}")

    def _sequence(self, items: list[Expression]) -> str:
        from hassil.expression import TextChunk

        items = [item for item in items if not (isinstance(item, TextChunk) and item.is_empty)]
        bodies = []
        for run in group_adjacent(items):
            if len(run) == 1:
                bodies.append(self._expression(run[0]))
            else:
                bodies.append(alternatives(dict.fromkeys(map(self._text, spellings(run)))))
        return " ".join(filter(None, bodies))

    def _alternative(self, items: list[Expression]) -> str:
        """Translate alternatives. Leaves out unrecognizable ones, unless all of them are."""
        bodies: dict[str, None] = {}
        reason = Unrecognizable("no alternative")
        for item in items:
            try:
                bodies[self._expression(item)] = None
            except Unrecognizable as error:
                reason = error
        if not bodies:
            raise reason
        return alternatives(bodies)

    def _text(self, text: str) -> str:
        words = split_words(text)
        for word in words:
            if word.isdecimal() and not self._naming:
                raise Unrecognizable(f"{quoted(word)} is a number in digits")
            if not self._known(word):
                raise Unrecognizable(f"{quoted(word)} has no pronunciation")
        self._words.update(words)
        if self._naming:
            self._value_words.update(words)
        return " ".join(words)

    def _rule(self, name: str) -> str:
        rules = self._sentences.intents.expansion_rules
        if name not in rules:
            raise Unrecognizable(f"rule {quoted(name)} does not exist")
        return self._named(f"rule_{name}", lambda: self._expression(rules[name].expression))

    def _list(self, reference: ListReference) -> str:
        from hassil.intents import RangeSlotList, TextSlotList

        if (bounds := reference.get_inline_range()) is not None:
            numbers = range(bounds[0], bounds[1] + 1, bounds[2])
            return self._named(f"range_{reference.list_name}", lambda: self._numbers(numbers))
        match self._lists.get(reference.list_name):
            case RangeSlotList() as numbers_list:
                return self._named(f"list_{numbers_list.name}", lambda: self._range(numbers_list))
            case TextSlotList() as texts:
                return self._named(f"list_{texts.name}", lambda: self._values(texts))
        raise Unrecognizable(f"list {quoted(reference.list_name)} has no values")

    def _values(self, texts: TextSlotList) -> str:
        self._naming = texts.name in ("name", "area")
        values = _in_words(texts) if self._naming else texts.values
        try:
            return alternatives(
                self._recognizable(
                    (str(value.value_out), lambda e=value.text_in: self._expression(e))  # type: ignore[misc]
                    for value in values
                )
            )
        finally:
            self._naming = False

    def _range(self, numbers: RangeSlotList) -> str:
        if not numbers.words or numbers.fraction_type is not None:
            raise Unrecognizable(f"list {quoted(numbers.name)} has no numbers in words")
        return self._numbers(range(numbers.start, numbers.stop + 1, numbers.step))

    def _numbers(self, numbers: range) -> str:
        spoken = [words.split() for number in numbers if (words := number_words(number))]
        if not spoken:
            raise Unrecognizable("the range has no numbers in words")
        self._text(" ".join(map(" ".join, spoken)))
        self._value_words.update(word for words in spoken for word in words)
        return share_prefixes(spoken)

    def _named(self, name: str, make: Callable[[], str]) -> str:
        """Return a reference to the rule `name`, which the first reference makes."""
        name = re.sub(r"\W", "_", name)
        if name not in self._rules:
            self._rules[name] = None  # a rule that refers to itself cannot be recognized
            try:
                self._rules[name] = make() or None
            except Unrecognizable as reason:
                _LOGGER.debug("Not recognizable: rule %s (%s)", name, reason)
        if self._rules[name] is None:
            raise Unrecognizable(f"{name} cannot be recognized")
        return f"<{name}>"
