"""The part `names` of a language pack: words for rooms, things, states, units and colors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property

import msgspec

from satellite.languages import pack
from satellite.languages.pack import Pack
from satellite.languages.plurals import check_forms
from satellite.settings import USUAL_AREAS, USUAL_NAMES, HomeSettings

PART = "names"
"""The file of the words, without its ending."""

Plural = str | dict[str, str]
"""One text, or one for each plural category of CLDR that the language has."""


class KindWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words for a kind of entities; the first of each is the one that is said."""

    single: tuple[str, ...] = msgspec.field(name="one", default=())
    all: tuple[str, ...] = ()


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The words of one language; all are empty for a language without this part."""

    areas: tuple[str, ...] = ()
    """Usual rooms, which serve where no home is connected and none are set."""
    names: tuple[str, ...] = ()
    """Usual things, likewise."""
    kinds: dict[str, KindWords] = {}
    """By Home Assistant's domain, or domain and device class: `light`, `cover.blind`."""
    states: dict[str, str] = {}
    """By Home Assistant's names for them."""
    negation: str = msgspec.field(name="not", default="{state}")
    """Pattern for another state than `state`."""
    units: dict[str, Plural] = {}
    """By their signs."""
    amount: str = "{number} {unit}"
    """Pattern for a number with its unit; a unit with {number} in it is its own pattern."""
    decimal: str = "."
    """The sign before the fraction of a number."""
    colors: dict[str, str] = {}
    """By the names of CSS."""

    def __post_init__(self) -> None:
        for unit in self.units.values():
            check_forms(unit)

    @cached_property
    def kinds_by_word(self) -> Mapping[str, tuple[str, ...]]:
        """The kinds that a word stands for, by the word in small letters."""
        found: dict[str, list[str]] = {}
        for kind, words in self.kinds.items():
            for word in (*words.single, *words.all):
                found.setdefault(word.casefold(), []).append(kind)
        return {word: tuple(dict.fromkeys(kinds)) for word, kinds in found.items()}

    @cached_property
    def words_for_all(self) -> frozenset[str]:
        """The words, in small letters, that stand for all entities of a kind, and never for one."""
        single = {word.casefold() for words in self.kinds.values() for word in words.single}
        return frozenset(
            word.casefold() for words in self.kinds.values() for word in words.all
        ).difference(single)

    def words_of(self, kind: str) -> Iterator[str]:
        """Yield the words for a kind, those for all of them first."""
        words = self.kinds.get(kind, KindWords())
        yield from (*words.all, *words.single)


def names_of(language: str | None) -> Names:
    """Return the words of a language, or the English ones where it has no pack.

    Raises `PluginBroken` for an invalid file.
    """
    return _read(pack.pack(language))


@cache
def _read(found: Pack) -> Names:
    return found.read(PART, Names)


def names_for(settings: HomeSettings, language: str | None) -> tuple[str, ...]:
    """Return the names of things that are set, or the usual ones of the language."""
    return names_of(language).names if settings.names == USUAL_NAMES else settings.names


def areas_for(settings: HomeSettings, language: str | None) -> tuple[str, ...]:
    """Return the names of rooms, likewise."""
    return names_of(language).areas if settings.areas == USUAL_AREAS else settings.areas
