"""The names of a request: those of a home, and a language's words for kinds of things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from satellite.languages import pack
from satellite.languages.names import names_of
from satellite.settings import USUAL_AREAS, USUAL_NAMES

if TYPE_CHECKING:
    from hassil.intents import SlotList

_NAME = "name"


class UsualHome(msgspec.Struct, frozen=True):
    """Usual names of things and rooms in a language: the part `names` of its pack."""

    names: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Words for kinds of things."""


class RequestNames:
    """The names of things and rooms that a request may have, as lists for its templates."""

    def __init__(
        self,
        names: tuple[str, ...],
        areas: tuple[str, ...],
        kinds: tuple[str, ...],
        make: Callable[[str, tuple[str, ...]], SlotList],
        spell: Callable[[str], str],
    ) -> None:
        """`names` and `areas` are the home's; `make` makes a list of a name and values.

        `spell` writes a word in the characters of the texts that are matched.
        """
        self.names = names
        self.areas = areas
        self._kinds = kinds
        self._make = make
        self._kind_words = tuple(spell(word).casefold() for word in kinds)

    @cached_property
    def lists(self) -> Mapping[str, SlotList]:
        """The names of the home."""
        return {_NAME: self._make(_NAME, self.names), "area": self._make("area", self.areas)}

    @cached_property
    def lists_with_kinds(self) -> Mapping[str, SlotList]:
        """The names of the home, and words for kinds of things besides those of the home."""
        return {**self.lists, _NAME: self._make(_NAME, (*self.names, *self._kinds))}

    def has_kind(self, text: str) -> bool:
        """Return whether a text may have a word for a kind of things."""
        text = text.casefold()
        return any(word in text for word in self._kind_words)

    def names_it(self, word: str) -> bool:
        """Return whether a word is a name of the home."""
        return word in self.names or word in self.areas


def usual_home(language: str) -> UsualHome:
    """Return the usual home of a language. Raises `PluginBroken`."""
    if pack.find(language) is None:
        return UsualHome(USUAL_NAMES, USUAL_AREAS)
    words = names_of(language)
    kinds = (word for kind in words.kinds for word in words.words_of(kind))
    return UsualHome(words.names, words.areas, tuple(dict.fromkeys(kinds)))
