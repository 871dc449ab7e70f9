"""The names of a request: those of a home, and a language's words for kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from satellite.languages import pack
from satellite.languages.names import names_of
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from servers.intents.match import Found, Match

if TYPE_CHECKING:
    from hassil.intents import SlotList


class UsualHome(msgspec.Struct, frozen=True):
    """Usual names of things and rooms in a language: the part `names` of its pack."""

    names: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Words for kinds of things."""


class RequestNames:
    """The names that a request may have, as lists for its templates."""

    def __init__(
        self,
        names: tuple[str, ...],
        areas: tuple[str, ...],
        usual: UsualHome,
        lists: dict[str, SlotList],
    ) -> None:
        """`names` and `areas` are the home's; the list `name` has the words for kinds, too."""
        self.names = names
        self.areas = areas
        self.lists = lists
        self._kinds = frozenset(usual.kinds).difference(names)

    def names_it(self, word: str) -> bool:
        """Return whether a word is a name of the home."""
        return word in self.names or word in self.areas

    def has(self, match: Match) -> bool:
        """Return whether a match has no word for a kind of things that the home lacks."""
        return match.slots.get("name") not in self._kinds

    def best(self, found: Sequence[Found]) -> Found | None:
        """Return the first match that the home `has`, or else the first of all.

        A value of any text, such as a title, fits too much to be preferred to a kind of things.
        """
        if not found:
            return None
        first = found[0]
        own = (
            each for each in found if self.has(each.match) and bool(each.free) <= bool(first.free)
        )
        return next(own, first)


def usual_home(language: str) -> UsualHome:
    """Return the usual home of a language. Raises `PluginBroken`."""
    if pack.find(language) is None:
        return UsualHome(USUAL_NAMES, USUAL_AREAS)
    words = names_of(language)
    kinds = (word for kind in words.kinds for word in words.words_of(kind))
    return UsualHome(words.names, words.areas, tuple(dict.fromkeys(kinds)))
