"""Responses and words of the built-in brain in a language: the part `answers` of its pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.languages.plurals import OTHER, Plurals, is_category
from satellite.options import plain
from satellite.text.fill import fill
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of

Text = str | dict[str, str]
"""A text, or one for each plural category of the number in it."""


class Listing(msgspec.Struct, frozen=True):
    """How the parts of a list are joined."""

    between: str = ", "
    last: str = ", "
    """Before the last part."""

    def join(self, parts: Sequence[str]) -> str:
        """Return the parts as a text."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{self.between.join(parts[:-1])}{self.last}{parts[-1]}"


class DurationForm(Listing, frozen=True):
    """How the parts of a duration are written and joined."""

    amount: str = "{count} {unit}"
    between: str = " "
    last: str = " "


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units of time by plural category; `noun` is the form, or the forms, before a noun."""

    hour: dict[str, Text]
    minute: dict[str, Text]
    second: dict[str, Text]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words that responses consist of: the section `words`."""

    declined: str
    weekdays: tuple[str, str, str, str, str, str, str]
    """Beginning with Monday."""
    months: tuple[str, str, str, str, str, str, str, str, str, str, str, str]
    """As they follow a day."""
    months_alone: tuple[str, ...] = ()
    """As they stand alone, where that is another form."""
    days_of_month: dict[int, str] = {}
    """Days of a date that are not written as figures: `1: 1er`."""
    time: Text
    """Patterns with {hour}, {hour12}, {minute} and {part}; plurals are those of the hour."""
    full_hour: Text
    parts_of_day: dict[int, str] = {}
    """Words for {part}, by the hour from which on they are said."""
    listing: Listing = msgspec.field(name="list", default=Listing())
    duration: DurationForm = DurationForm()
    units: Units
    alarm: str = "{time} {day}"
    today: str
    tomorrow: str
    on_weekday: str | tuple[str, ...]
    """A pattern with {weekday}, or one text for each weekday; likewise the next two."""
    next_weekday: str | tuple[str, ...] = ""
    """For a day that is a week away or more; `on_weekday` if it is empty."""
    every: str | tuple[str, ...]
    daily: str
    work_days: str
    weekends: str
    minus: str
    choice: str = ""
    """Two words of which one was said, where a recognizer of commands writes them."""
    timer: str
    named_timer: str
    long_timer: str
    thing: str = "{name}"
    thing_in_area: str
    group_in_area: str
    groups: dict[str, str] = {}
    """By the codes of the list `group`: how its things are called in an answer."""
    temperature: str
    temperature_in_area: str

    def weekday(self, form: str | Sequence[str], day: int) -> str:
        """Return a form such as `on_weekday` for a day, from 0 for Monday."""
        if isinstance(form, str):
            return fill(form, weekday=self.weekdays[day])
        return form[day]

    def day_of_month(self, day: int) -> str:
        """Return a day of a date."""
        return self.days_of_month.get(day, str(day))

    def part_of_day(self, hour: int) -> str:
        """Return the word for the part of the day in which an hour is; empty without one."""
        begun = [start for start in self.parts_of_day if start <= hour]
        return self.parts_of_day[max(begun or self.parts_of_day)] if self.parts_of_day else ""


class Phrases:
    """The responses of a language, by intent and key, and its words."""

    def __init__(
        self,
        responses: dict[str, dict[str, Text]],
        words: Words,
        plurals: Plurals,
        decimal: str = ".",
        language: str | None = None,
    ) -> None:
        """`decimal` is the sign before the fraction of a number, `language` the pack's code."""
        self.language = language
        self._responses = responses
        self._plurals = plurals
        self.words = words
        self.decimal = decimal

    @classmethod
    def make(
        cls,
        source: Mapping[str, Any],
        plurals: Plurals,
        decimal: str = ".",
        language: str | None = None,
    ) -> Phrases:
        """Read `responses` and `words` from a language's files. Raises `EngineFailed`."""
        try:
            words = msgspec.convert(source.get("words"), Words, strict=False)
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: words: {plain(str(error))}") from error
        return cls(responses_of(source), words, plurals, decimal, language)

    def has(self, intent: str, key: str = "default") -> bool:
        """Return whether a response exists."""
        return key in self._responses.get(intent, {})

    def all(self, intent: str, count: float | None = None) -> dict[str, str]:
        """Return an intent's responses by key, for a number, unformatted; empty without any."""
        texts = self._responses.get(intent, {})
        return {key: self.form(text, count) for key, text in texts.items()}

    def say(self, intent: str, key: str = "default", **values: Any) -> str:
        """Format an intent's response, in the form for the value `count`.

        Raises `EngineFailed`, which names the missing part.
        """
        try:
            text = self.form(self._responses[intent][key], values.get("count"))
            return text.format(**values)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise EngineFailed(
                f"sentences: response {key} of intent {intent}: {reason_of(error)}"
            ) from error

    def form(self, text: Text, count: float | None) -> str:
        """Return the form of a text for a number, which is the one for `other` without a number.

        Raises `KeyError` for a text without that form.
        """
        if isinstance(text, str):
            return text
        return text[OTHER] if count is None else self._plurals.choose(text, count)

    def listed(self, things: Sequence[str]) -> str:
        """Join things into a spoken list: "a, b and c"."""
        return self.words.listing.join(things)


def responses_of(source: Mapping[str, Any], where: str = "") -> dict[str, dict[str, Text]]:
    """Read the responses in a file's content. Raises `EngineFailed`, which names `where`."""
    try:
        found = msgspec.convert(source.get("responses") or {}, dict[str, dict[str, Any]])
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences {where}: responses: {plain(str(error))}") from error
    intents = found.get("intents", {})
    for intent, texts in intents.items():
        if not isinstance(texts, dict) or not all(map(_is_text, texts.values())):
            raise EngineFailed(
                f"sentences {where}: responses: intents: {intent}: expected texts by key, such as "
                f"default: TEXT, found {quoted(texts, 60)}"
            )
    return intents


def _is_text(value: Any) -> bool:
    if isinstance(value, dict):
        forms = all(map(is_category, value)) and OTHER in value
        return forms and all(isinstance(text, str) for text in value.values())
    return isinstance(value, str)
