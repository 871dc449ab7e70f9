"""Responses and words of the built-in brain in a language, from its YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.options import plain
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words that responses consist of: the section `words` of a language's file."""

    declined: str
    weekdays: tuple[str, str, str, str, str, str, str]
    """Beginning with Monday."""
    months: tuple[str, str, str, str, str, str, str, str, str, str, str, str]
    time: str
    full_hour: str
    halves: tuple[str, str]
    """Halves of the day: before and after noon."""
    conjunction: str = msgspec.field(name="and")
    units: tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]]
    """Hours, minutes, seconds: singular, plural, and as the first part of a noun."""
    alarm: str = "{time} {day}"
    today: str = "today"
    tomorrow: str = "tomorrow"
    on_weekday: str = "on {weekday}"
    every: str = "every {weekday}"
    daily: str = "every day"
    work_days: str = "on weekdays"
    weekends: str = "on weekends"
    minus: str = "minus"
    choice: str = "{first} or {second}"
    """Two words of which one was said."""
    timer: str
    named_timer: str
    long_timer: str
    thing: str
    thing_in_area: str
    group_in_area: str
    temperature: str = "the temperature"
    temperature_in_area: str = "the temperature in the {area}"


class Phrases:
    """The responses of a language, by intent and key, and its words."""

    def __init__(self, responses: dict[str, dict[str, str]], words: Words) -> None:
        self._responses = responses
        self.words = words

    @classmethod
    def make(cls, source: dict[str, Any]) -> Phrases:
        """Read `responses` and `words` from a language's files. Raises `EngineFailed`."""
        try:
            words = msgspec.convert(source.get("words"), Words)
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: words: {plain(str(error))}") from error
        return cls(responses_of(source), words)

    def has(self, intent: str, key: str = "default") -> bool:
        """Return whether a response exists."""
        return key in self._responses.get(intent, {})

    def all(self, intent: str) -> dict[str, str]:
        """Return an intent's responses by key, unformatted; empty if there are none."""
        return dict(self._responses.get(intent, {}))

    def say(self, intent: str, key: str = "default", **values: Any) -> str:
        """Format an intent's response. Raises `EngineFailed`, which names the missing part."""
        try:
            return self._responses[intent][key].format(**values)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise EngineFailed(
                f"sentences: response {key} of intent {intent}: {reason_of(error)}"
            ) from error

    def listed(self, things: Sequence[str]) -> str:
        """Join things into a spoken list: "a, b and c"."""
        if len(things) < 2:
            return "".join(things)
        return f"{', '.join(things[:-1])} {self.words.conjunction} {things[-1]}"


def responses_of(source: Mapping[str, Any], where: str = "") -> dict[str, dict[str, str]]:
    """Read the responses in a file's content. Raises `EngineFailed`, which names `where`."""
    try:
        found = msgspec.convert(source.get("responses") or {}, dict[str, dict[str, Any]])
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences {where}: responses: {plain(str(error))}") from error
    intents = found.get("intents", {})
    for intent, texts in intents.items():
        if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
            raise EngineFailed(
                f"sentences {where}: responses: intents: {intent}: expected texts by key, such as "
                f"default: TEXT, found {quoted(texts, 60)}"
            )
    return intents
