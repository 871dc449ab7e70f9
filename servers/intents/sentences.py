"""Sentence templates of a language: loading from YAML and matching of spoken text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from satellite.errors import EngineFailed, ModelMissing
from satellite.languages import pack
from satellite.languages.names import names_of
from satellite.options import plain
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.text.quoted import quoted
from servers.intents import sentence_files as sources
from servers.intents import template_checks
from servers.intents.match import Match
from servers.intents.phrases import Phrases
from servers.intents.spelling import Spelling
from servers.intents.spoken_names import Naming

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.intents import Intents, SlotList
    from hassil.recognize import RecognizeResult

T = TypeVar("T")

LONGEST = 300
"""Characters of the longest request: 15 s of speech at 20 characters per second. A longer text is
not matched, which bounds the time of matching."""

_CACHED_HOMES = 8
"""Homes whose names and areas are cached for matching."""

_SEPARATORS = re.compile(r"[-_\s]+")

_TYPED = "typed"
"""Key of the metadata of sentences that no grammar for speech is made of."""

_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"\w+")
_MOST_PARTS = 50
"""Parts of a text that are compared with a value, which bounds the time: each is spelled."""

_FINAL = ".!?,;: "
"""Characters that hassil takes from the end of a text."""


class UsualHome(msgspec.Struct, frozen=True):
    """Usual names of things and rooms in a language: the part `names` of its pack."""

    names: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


class Sentences:
    """The parsed sentences of one language."""

    def __init__(
        self,
        language: str,
        intents: Intents,
        phrases: Phrases,
        spelling: Spelling,
        symbols: Spelling,
        naming: Naming,
        never: Mapping[str, frozenset[str]],
        reversals: tuple[str, ...] = (),
        endings: tuple[str, ...] = (),
        confusable: tuple[tuple[str, str], ...] = (),
        usual: UsualHome | None = None,
    ) -> None:
        """`symbols` is the part of the spelling that names have, too.

        `never` holds, by list, the words that a value of a wildcard list does not have.

        `reversals` are words before a sentence that make it another one, `endings` templates of
        words after it, and `confusable` pairs of words that the recognizer cannot distinguish
        reliably. `usual` serves where no home is connected.
        """
        self.language = language
        self.intents = intents
        self.phrases = phrases
        self._spelling = spelling
        self._symbols = symbols
        self._naming = naming
        self._never = never
        self.reversals = reversals
        self.endings = endings
        self.confusable = confusable
        self.usual = usual or UsualHome()
        self.lists = lru_cache(_CACHED_HOMES)(self._lists)

    def templates(self, *, spoken: bool = False) -> Iterator[tuple[str, Sentence]]:
        """Yield every sentence template with the name of its intent.

        With `spoken`, without those that only a recognizer of free text writes. The rules of
        templates are in `intents.expansion_rules`, their lists in `lists(...)`.
        """
        for name, intent in self.intents.intents.items():
            for data in intent.data:
                if spoken and (data.metadata or {}).get(_TYPED):
                    continue
                for sentence in data.sentences:
                    yield name, sentence

    def samples(self, template: Sentence) -> list[str]:
        """Return every text of a template without names and areas."""
        from hassil.sample import sample_expression

        rules, lists = self.intents.expansion_rules, self.intents.slot_lists
        texts = sample_expression(template.expression, lists, rules, language=self.language)
        return list(dict.fromkeys(" ".join(text.split()) for text in texts))

    def match(self, text: str, names: tuple[str, ...], areas: tuple[str, ...]) -> Match | None:
        """Return the sentence that fits `text` best, or None. Takes milliseconds."""
        from hassil.recognize import recognize_ranked

        if len(text) > LONGEST or not (spelled := self._spell(text)):
            return None
        ranked = recognize_ranked(
            spelled, self.intents, slot_lists=self.lists(names, areas), language=self.language
        )
        found = next((result for result in ranked if not self._swallows(result)), None)
        if found is None:
            return None
        return Match(
            intent=found.intent.name,
            response=found.response or "default",
            slots={
                entity.name: self._as_written(text, entity.text.strip())
                if entity.is_wildcard
                else _whole(entity.value)
                for entity in found.entities_list
            },
        )

    def _spell(self, text: str) -> str:
        return normalize(self._symbols.apply(self._spelling.apply(text)))

    def _as_written(self, text: str, value: str) -> str:
        """Return the part of `text` that is spelled `value`; without such a part, `value`.

        A message is passed on as it was written: "at 6:30 PM", not "at 6 30 p m".
        """
        if self.intents.settings.ignore_whitespace:
            return self._characters_as_written(text, value)
        wanted = _LETTERS.findall(value.casefold())
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

    def _characters_as_written(self, text: str, value: str) -> str:
        """Do the same in a language without blanks: look at every part from the value's first
        character, in whichever script, to its last.
        """
        wanted = _LETTERS.findall(value.casefold())
        same = self._spelling.characters(text.casefold())
        first, last = value[:1].casefold(), value[-1:].casefold()
        ends = [place + 1 for place, letter in enumerate(same) if letter == last]
        parts = (
            text[start:end]
            for start, letter in enumerate(same)
            if letter == first
            for end in reversed(ends)
            if end - start >= len(value)
        )
        for part in islice(parts, _MOST_PARTS):
            for spelled in (self._spelling.characters(part), self._spell(part)):
                if _LETTERS.findall(spelled.casefold()) == wanted:
                    return part.rstrip(_FINAL)
        return value

    def _text_list(self, name: str, values: Sequence[str]) -> SlotList:
        from hassil.intents import TextSlotList

        found: dict[str, tuple[str, str]] = {}
        for value in values:  # a form of two names is of the first: things come before kinds
            for form in self._naming.forms(value):
                if spelled := normalize(self._symbols.apply(form)):
                    found.setdefault(spelled.casefold(), (spelled, value))
        pairs = sorted(found.values())
        return TextSlotList.from_tuples(pairs, allow_template=False, name=name)

    def _swallows(self, result: RecognizeResult) -> bool:
        """Return whether a wildcard took words that belong to another part of the sentence."""
        from hassil.expression import Group

        if result.intent_sentence is None:
            return False
        joined = self.intents.settings.ignore_whitespace
        rules = self.intents.expansion_rules
        expression = result.intent_sentence.expression
        assert isinstance(expression, Group)
        sources = {
            reference.slot_name: reference.list_name
            for reference in expression.list_references(rules)
        }
        for entity in result.entities_list:
            never = self._never.get(sources.get(entity.name, ""))
            if entity.is_wildcard and never:
                words = entity.text.lower().split()
                if not never.isdisjoint(words) or any(map(_has_digit, words)):
                    return True
                if joined and any(word in entity.text for word in never):
                    return True
        return False

    def _lists(self, names: tuple[str, ...], areas: tuple[str, ...]) -> dict[str, SlotList]:
        """Return every list of the templates, with a home's values for `name` and `area`."""
        return {
            **self.intents.slot_lists,
            "name": self._text_list("name", names),
            "area": self._text_list("area", areas),
        }


def load(language: str, extra_dir: str | Path = "", *, unmarked: bool = True) -> Sentences:
    """Read the sentences of `language` and the user's own in the folder `extra_dir`.

    The user's are `*.yaml` there, if they name the language or are `unmarked`, and in its folder
    `<language>`. They extend the built-in sentences
    and may replace lists, rules and responses; a language that is not built in consists of them
    alone. Blocks for some tenths of a second; imports hassil.

    Raises:
        ModelMissing: There are no sentences for the language.
        EngineFailed: A file is invalid.
    """
    language = sources.language_of(language)
    found = list(sources.read_all(language, extra_dir, unmarked=unmarked))
    if not any("words" in source.content for source in found):
        raise ModelMissing(
            f"there are no sentences for language {quoted(language)}; built in: "
            f"{', '.join(sources.languages())} (to add another, put a YAML file into the folder "
            "of the option sentences)"
        )
    if extra_dir:
        template_checks.check_sources(found, language)
    content = sources.merge([*sources.english_words(language), *found])
    intents = template_checks.parse(content, language, ", ".join(source.name for source in found))
    template_checks.check_references(intents)
    spelling = Spelling.make(content)
    symbols = Spelling.make(content, "symbols")
    naming = Naming.make(language, content, spelling)
    return Sentences(
        language,
        intents,
        Phrases.make(content, sources.plurals(language), names_of(language).decimal),
        spelling,
        symbols,
        naming,
        _never(content),
        _section(content, "reversals", tuple[str, ...]),
        _section(content, "endings", tuple[str, ...]),
        _section(content, "confusable", tuple[tuple[str, str], ...]),
        _usual_home(language),
    )


def normalize(text: str) -> str:
    """Return `text` as templates and speech recognition separate words, without hyphens."""
    return _SEPARATORS.sub(" ", text).strip()


def _usual_home(language: str) -> UsualHome:
    """Return the usual home of a language. Raises `PluginBroken`."""
    found = pack.find(language)
    usual = found.read("names", UsualHome) if found is not None else UsualHome()
    if usual == UsualHome() and (found is None or found.code == pack.ENGLISH):
        return UsualHome(USUAL_NAMES, USUAL_AREAS)
    return usual


def _whole(value: Any) -> Any:
    # hassil converts digits to a float, but a response needs "5 minutes", not "5.0 minutes"
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _has_digit(word: str) -> bool:
    return any(map(str.isdecimal, word))


def _section(content: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return a section of a language's file, empty without one. Raises `EngineFailed`."""
    try:
        return msgspec.convert(content.get(name) or (), kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences: {name}: {plain(str(error))}") from error


def _never(content: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return, by list, the words that no value of it holds. Raises `EngineFailed`."""
    found = {}
    for name, values in (content.get("lists") or {}).items():
        if isinstance(values, Mapping) and (words := values.get("never")) is not None:
            if not isinstance(words, str):
                raise EngineFailed(
                    f"sentences: lists: {name}: never: expected words, found {quoted(words, 40)}"
                )
            found[name] = frozenset(words.lower().split())
    return found
