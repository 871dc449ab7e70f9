"""Sentence templates of a language: loading from YAML and matching of spoken text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from satellite.errors import EngineFailed, ModelMissing
from satellite.languages.names import names_of
from satellite.options import plain
from satellite.text.quoted import quoted
from satellite.values import Extent
from servers.intents import package_mapping, template_checks, wildcards
from servers.intents import sentence_files as sources
from servers.intents.beginnings import Beginnings
from servers.intents.continuations import extent_of
from servers.intents.match import Found, Match, found_in
from servers.intents.package_sentences import PackageSentences
from servers.intents.phrases import Phrases
from servers.intents.request_names import RequestNames, UsualHome, usual_home
from servers.intents.required_words import RequiredWords
from servers.intents.spelling import Spelling
from servers.intents.spoken_names import Naming
from servers.intents.wildcards import Never, Wildcards

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.intents import Intents, SlotList

T = TypeVar("T")

LONGEST = 300
"""Characters of the longest request: 15 s of speech at 20 characters per second. A longer text is
not matched, which bounds the time of matching."""

_JOINED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Kana and Chinese characters."""

_BLANK_OF_JOINED = re.compile(rf"(?<=[{_JOINED}])\s+|\s+(?=[{_JOINED}])")
"""Blanks beside characters of a script that has none, as names in figures get them."""

_CACHED_HOMES = 8
"""Homes whose names and areas are cached for matching."""

_CACHED_BEGINNINGS = 2
"""The same for beginnings, which hold all values of their lists once more."""

_FINAL = ".!?,;: "
"""Characters after a sentence."""

_SEPARATORS = re.compile(r"[-_\s]+")

_TYPED = "typed"
"""Key of the metadata of sentences that no grammar for speech is made of."""


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
        never: Mapping[str, Never],
        reversals: tuple[str, ...] = (),
        asides: tuple[str, ...] = (),
        endings: tuple[str, ...] = (),
        confusable: tuple[tuple[str, str], ...] = (),
        usual: UsualHome | None = None,
        package: PackageSentences | None = None,
    ) -> None:
        """`symbols` is the part of the spelling that names have, too.

        `never` holds, by list, the words that a value of a wildcard list does not have.

        `reversals` are words before a sentence that make it another one, `asides` those that only a
        recognizer of speech takes for nothing, `endings` templates of words after it, and
        `confusable` pairs of words that the recognizer cannot distinguish reliably. `usual` serves
        where no home is connected. `package` has sentences for texts that match none.
        """
        self.language = language
        self.intents = intents
        self.phrases = phrases
        self._spelling = spelling
        self._symbols = symbols
        self._naming = naming
        self._wildcards = Wildcards(
            never, reversals, spelling, self._spell, joined=intents.settings.ignore_whitespace
        )
        self.reversals = reversals
        self.asides = asides
        self.endings = endings
        self.confusable = confusable
        self.usual = usual or UsualHome()
        self._package = package
        self.lists = lru_cache(_CACHED_HOMES)(self._lists)
        self._names_of = lru_cache(_CACHED_HOMES)(self._request_names)
        self._beginnings = lru_cache(_CACHED_BEGINNINGS)(self._make_beginnings)

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

    def named(self, name: str, names: Collection[str]) -> str:
        """Return the one of `names` that is the name in another case, or the name itself."""
        found = self._naming.named(name, names)
        return name if found is None else found

    def samples(self, template: Sentence) -> list[str]:
        """Return every text of a template without names and areas."""
        from hassil.sample import sample_expression

        rules, lists = self.intents.expansion_rules, self.intents.slot_lists
        texts = sample_expression(template.expression, lists, rules, language=self.language)
        return list(dict.fromkeys(" ".join(text.split()) for text in texts))

    def load_package(self) -> None:
        """Read the sentences of the package now, and not when a text first matches no other.

        Raises `EngineFailed`.
        """
        if self._package is not None:
            self._package.load()

    def match(self, text: str, names: tuple[str, ...], areas: tuple[str, ...]) -> Match | None:
        """Return the sentence that fits `text` best, or None. Takes milliseconds.

        Words for kinds of things that the home lacks are understood where no other sentence fits,
        or none but with a value of any text, so that the home can say that it has no such thing.
        """
        if len(text) > LONGEST or not (spelled := self._spell(text)):
            return None
        home = self._names_of(names, areas)
        found = self._find(text, spelled, home)
        if found is None and (plain := self._naming.without_accents(spelled)) != spelled:
            found = self._find(text, plain, home)
        return None if found is None else self._as_written(text, found, home)

    def extent(
        self, text: str, names: tuple[str, ...], areas: tuple[str, ...], irrevocable: bool = False
    ) -> Extent:
        """Return how far a text is a sentence; one that ends with any text is never whole.

        `irrevocable`: words after its end are lost. Takes up to some tens of milliseconds.
        """
        if len(text) > LONGEST or not (spelled := self._spell(text)):
            return Extent.UNKNOWN
        home = self._names_of(names, areas)
        # the package is not read for texts that may be unfinished: most satellites never need it
        readable = self._package is not None and self._package.loaded
        found = self._find(text, spelled, home, package=readable)
        place = self._beginnings(names, areas).find(spelled)
        if found is None:
            return Extent.BEGUN if place.goes_on else Extent.UNKNOWN
        last = spelled.rstrip(_FINAL).casefold()
        if any(last.endswith(str(found.match.slots[slot]).casefold()) for slot in found.free):
            return Extent.UNKNOWN
        return extent_of(found.match, place, irrevocable)

    def _find(
        self, text: str, spelled: str, home: RequestNames, package: bool = True
    ) -> Found | None:
        found = self._match_own(spelled, home, home.lists)
        if found is None and package:
            found = self._match_package(text, spelled, home)
        if (found is None or found.free) and home.has_kind(spelled):
            other = self._match_own(spelled, home, home.lists_with_kinds)
            found = other if other is not None and not other.free else found or other
        return found

    def _match_own(
        self, spelled: str, home: RequestNames, names: Mapping[str, SlotList]
    ) -> Found | None:
        from hassil.recognize import recognize_ranked

        lists, rules = {**self.intents.slot_lists, **names}, self.intents.expansion_rules
        ranked = recognize_ranked(spelled, self.intents, slot_lists=lists, language=self.language)
        fitting = (
            found_in(result) for result in ranked if not self._wildcards.swallow(result, rules)
        )
        possible = (found for found in fitting if self._is_delayable(found, home))
        found = next(possible, None)
        return found if found is None else _with_whole_name(found, possible)

    def _is_delayable(self, found: Found, home: RequestNames) -> bool:
        """Return whether a match has no command in it, or one that can be done later."""
        command = found.match.slots.get(package_mapping.COMMAND)
        return command is None or self._delays(str(command), home)

    def _delays(self, command: str, home: RequestNames) -> bool:
        found = self.match(command, home.names, home.areas)
        return found is not None and found.intent in package_mapping.DELAYED

    def _match_package(self, text: str, spelled: str, home: RequestNames) -> Found | None:
        """Return the sentence of the package that fits a text, as it is spelled or written."""
        if self._package is None:
            return None

        def accept(slot: str, value: str) -> bool:
            if slot == package_mapping.COMMAND:
                return self._delays(value, home)
            return self._wildcards.accept(slot, value)

        texts = spelled, self._spelling.characters(text)  # hyphens included
        return self._package.match(texts, home.lists, self.language, accept)

    def _as_written(self, text: str, found: Found, home: RequestNames) -> Match:
        """Return a match with values of any text, and words, in the script of the request."""
        joined = self.intents.settings.ignore_whitespace
        slots = {
            slot: self._wildcards.as_written(text, value)
            if slot in found.free or (joined and slot in found.words and not home.names_it(value))
            else value
            for slot, value in found.match.slots.items()
        }
        return msgspec.structs.replace(found.match, slots=slots)

    def _spell(self, text: str) -> str:
        return normalize(self._symbols.apply(self._spelling.apply(text)))

    def _text_list(self, name: str, values: Sequence[str]) -> SlotList:
        from hassil.intents import TextSlotList

        joined = self.intents.settings.ignore_whitespace
        found: dict[str, tuple[str, str]] = {}
        for value in values:  # a form of two names is of the first: things come before kinds
            for form in self._naming.forms(value):
                spelled = normalize(self._symbols.apply(form))
                if joined:
                    spelled = _BLANK_OF_JOINED.sub("", spelled)
                if spelled:
                    found.setdefault(spelled.casefold(), (spelled, value))
        pairs = sorted(found.values())
        return TextSlotList.from_tuples(pairs, allow_template=False, name=name)

    def _lists(self, names: tuple[str, ...], areas: tuple[str, ...]) -> dict[str, SlotList]:
        """Return every list of the templates, with a home's values for `name` and `area`."""
        return {**self.intents.slot_lists, **self._names_of(names, areas).lists}

    def _make_beginnings(self, names: tuple[str, ...], areas: tuple[str, ...]) -> Beginnings:
        lists = self._names_of(names, areas).lists_with_kinds
        return Beginnings(self.intents, lists, self.language)

    def _request_names(self, names: tuple[str, ...], areas: tuple[str, ...]) -> RequestNames:
        return RequestNames(names, areas, self.usual.kinds, self._text_list, self._spell)


def load(
    language: str,
    extra_dir: str | Path = "",
    *,
    unmarked: bool = True,
    understood: Collection[str] = (),
) -> Sentences:
    """Read the sentences of `language` and the user's own in the folder `extra_dir`.

    The user's are `*.yaml` there, if they name the language or are `unmarked`, and in its folder
    `<language>`. They extend the built-in sentences and may replace lists, rules and responses; a
    language that is not built in consists of them alone. Of the package home-assistant-intents, the
    sentences of the intents that are `understood` are read when a text matches no other. Blocks for
    some tenths of a second; imports hassil.

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
    # where scripts are made one, number words are those of the language, whatever its region
    numbers = sources.base_language(language) if "characters" in content else language
    intents = template_checks.parse(content, numbers, ", ".join(source.name for source in found))
    template_checks.check_references(intents)
    RequiredWords(intents.expansion_rules).set(intents)
    spelling = Spelling.make(content)
    symbols = Spelling.make(content, "symbols")
    naming = Naming.make(numbers, content, spelling)
    return Sentences(
        numbers,
        intents,
        Phrases.make(content, sources.plurals(language), names_of(language).decimal, language),
        spelling,
        symbols,
        naming,
        wildcards.never_of(content),
        _section(content, "reversals", tuple[str, ...]),
        _section(content, "asides", tuple[str, ...]),
        _section(content, "endings", tuple[str, ...]),
        _section(content, "confusable", tuple[tuple[str, str], ...]),
        usual_home(language),
        PackageSentences(language, understood, spelling.characters) if understood else None,
    )


def _with_whole_name(found: Found, others: Iterator[Found]) -> Found:
    """Return the match with a thing's whole name, if that has the name of a room in it.

    The lamp of the living room may be called that: "lampe du salon".
    """
    slots = found.match.slots
    if "area" not in slots or "name" not in slots:
        return found
    whole = (
        other
        for other in others
        if other.match.intent == found.match.intent
        and not other.free
        and "area" not in other.match.slots
        and len(str(other.match.slots.get("name", ""))) > len(str(slots["name"]))
    )
    return next(whole, found)


def normalize(text: str) -> str:
    """Return `text` as templates and speech recognition separate words, without hyphens."""
    return _SEPARATORS.sub(" ", text).strip()


def _section(content: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Return a section of a language's file, empty without one. Raises `EngineFailed`."""
    try:
        return msgspec.convert(content.get(name) or (), kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences: {name}: {plain(str(error))}") from error
