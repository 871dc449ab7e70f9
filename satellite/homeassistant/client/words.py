"""Words for a home in one language: states, numbers with units, lists, kinds of entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from satellite.homeassistant.client.entities import Entity, plain
from satellite.homeassistant.client.entity_kinds import EntityKind
from satellite.homeassistant.client.state_codes import code_of
from satellite.homeassistant.client.states import State
from satellite.languages import pack
from satellite.languages.names import Names, names_of
from satellite.languages.pack import ENGLISH, Pack
from satellite.languages.plurals import Plurals, plurals_of
from satellite.text.fill import fill

DEGREE, PERCENT, KELVIN = "°", "%", "K"
"""Signs of units that some values have without saying so."""

_DECIMALS = 2
"""Digits after the decimal sign that are said; a sensor may send more."""


class HomeWords:
    """The words of one language."""

    def __init__(self, names: Names, plurals: Plurals, sentences: Mapping[str, str]) -> None:
        self.names = names
        self.sentences = sentences
        """Sentences by outcome, for those that a request does not bring."""
        self._plurals = plurals

    def kinds(self, word: str) -> tuple[EntityKind, ...]:
        """Return the kinds that a word stands for; empty for any other word."""
        found = self.names.kinds_by_word.get(plain(word), ())
        return tuple(EntityKind.parse(code) for code in found)

    def stands_for_all(self, word: str) -> bool:
        """Return whether a word stands for all entities of a kind: "lights"."""
        return plain(word) in self.names.words_for_all

    def state(self, entity: Entity, state: State) -> str:
        """Return the state of an entity as it is said."""
        unit = str(state.attributes.get("unit_of_measurement") or "")
        if (number := _number(state.value)) is not None:
            return self.amount(number, unit)
        return self.state_code(code_of(entity, state.value))

    def state_code(self, code: str) -> str:
        """Return a state such as `not_home` as it is said."""
        return self.names.states.get(code, code.replace("_", " "))

    def other_than(self, code: str) -> str:
        """Return how any other state than this one is said: "not locked"."""
        return fill(self.names.negation, state=self.state_code(code))

    def amount(self, number: float, unit: str = "") -> str:
        """Return a number with its unit as it is said; an unknown unit stays as it is."""
        digits = self.number(number)
        if not unit:
            return digits
        form = self.names.units.get(unit, unit)
        if isinstance(form, dict):
            form = self._plurals.choose(form, number)
        if "{number}" in form:
            return fill(form, number=digits)
        return fill(self.names.amount, number=digits, unit=form)

    def number(self, number: float) -> str:
        """Return a number with the decimal sign of the language, and no zeros at its end."""
        return f"{round(number, _DECIMALS):.15g}".replace(".", self.names.decimal)

    def color(self, code: str) -> str:
        """Return the word for a color."""
        return self.names.colors.get(code, code)


class _Listing(msgspec.Struct, frozen=True):
    between: str = ", "
    last: str = ", "


def joined(parts: Sequence[str], between: str, last: str) -> str:
    """Return the parts of a spoken list as a text, with `last` before the last part."""
    return last.join(filter(None, (between.join(parts[:-1]), *parts[-1:])))


def words_of(language: str | None) -> HomeWords:
    """Return the words of a language, or the English ones. Raises `PluginBroken`."""
    return _words_of(pack.pack(language))


@cache
def _words_of(found: Pack) -> HomeWords:
    sentences = {**_sentences(pack.pack(ENGLISH)), **_sentences(found)}
    return HomeWords(names_of(found.code), plurals_of(found), sentences)


def _sentences(found: Pack) -> dict[str, str]:
    """Return what is said of things in a home where a request brings no sentence of its own."""
    answers = found.part("answers")
    responses = (answers.get("responses") or {}).get("intents") or {}
    texts = {**(responses.get("HassGetState") or {}), **(responses.get("Home") or {})}
    listing = msgspec.convert((answers.get("words") or {}).get("list") or {}, _Listing)
    return {
        **{key: text for key, text in texts.items() if isinstance(text, str)},
        "between": listing.between,
        "last": listing.last,
    }


def _number(value: str) -> float | None:
    """Return a state as a number; None for a word, and for "nan" and "inf"."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
